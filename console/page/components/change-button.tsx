/** Changes that a user makes: the button that asks for a confirmation, and the result of an action. */
import type { ComponentChildren, JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { useIsOperator } from '../client/api-queries.ts'
import { toProblem } from '../client/api-request.ts'

interface Props {
  /** Label of the button, such as "Redrive". */
  readonly label: string
  /** Content of the dialog: sentences that describe the effect of the change. */
  readonly children: ComponentChildren
  /** Makes the change. Resolves to a sentence that describes the result. */
  readonly onConfirm: () => Promise<string>
  /** Shows the result elsewhere on the page, for a change that removes the button itself. */
  readonly tell?: (result: ChangeResult | undefined) => void
}

const FOR_OPERATORS: ChangeResult = {
  text: 'This requires the operator role. You are signed in as a viewer.',
  isProblem: true,
}

/**
 * Button for a change that requires the operator role and a confirmation. If a viewer uses it, the server's error message is shown.
 */
export function ConfirmButton({ label, children, onConfirm, tell }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const isOperator = useIsOperator()
  const { isBusy, result, setResult, run } = useAction(onConfirm, tell)
  const open = () => {
    setResult(isOperator ? undefined : FOR_OPERATORS)
    if (isOperator) dialog.current?.showModal()
  }
  const confirm = () => run().finally(() => dialog.current?.close())
  return (
    <>
      {/* `disabled` would remove the button from the tab order, so that a viewer could not reach the reason. */}
      <button type="button" aria-disabled={!isOperator} onClick={open}>
        {label}
      </button>
      <dialog ref={dialog} aria-label={label}>
        <article>
          <h3>{label}</h3>
          {children}
          <footer>
            <button type="button" class="secondary" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
            <button type="button" aria-busy={isBusy} disabled={isBusy} onClick={confirm}>
              {label}
            </button>
          </footer>
        </article>
      </dialog>
      <Outcome of={result} />
    </>
  )
}

export function Outcome({ of: result }: { readonly of: ChangeResult | undefined }): JSX.Element | null {
  if (!result) return null
  return (
    <p class={result.isProblem ? 'problem' : 'done'} role={result.isProblem ? 'alert' : 'status'}>
      {result.text}
    </p>
  )
}

export interface ChangeResult {
  readonly text: string
  readonly isProblem: boolean
}

interface Action {
  readonly isBusy: boolean
  readonly result: ChangeResult | undefined
  readonly setResult: (result: ChangeResult | undefined) => void
  /** Runs the action. */
  readonly run: (event?: Event) => Promise<void>
}

/**
 * Returns a function that runs an action, and the state of the action.
 *
 * @param work resolves to a sentence that describes the result, or to undefined if the page itself shows it
 * @param tell receives the result instead of `result`, for a change that removes the component
 */
export function useAction(
  work: (event: Event | undefined) => Promise<string | undefined>,
  tell?: (result: ChangeResult | undefined) => void,
): Action {
  const [isBusy, setBusy] = useState(false)
  const [ownResult, setOwnResult] = useState<ChangeResult>()
  const setResult = tell ?? setOwnResult
  const run = async (event?: Event) => {
    event?.preventDefault()
    setBusy(true)
    try {
      const text = await work(event)
      setResult(text === undefined ? undefined : { text, isProblem: false })
    } catch (error) {
      setResult({ text: toProblem(error).message, isProblem: true })
    } finally {
      setBusy(false)
    }
  }
  return { isBusy, result: ownResult, setResult, run }
}
