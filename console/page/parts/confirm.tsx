/** Asks before something is changed, and says what came of it. */
import type { ComponentChildren, JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { problemOf } from '../data/answers.ts'
import { useIsOperator } from '../data/environment.ts'

interface Props {
  /** What the button says, as in "Redrive". */
  readonly label: string
  /** What happens, in sentences: the dialog shows it. */
  readonly children: ComponentChildren
  /** Resolves to a sentence that says what was done. */
  readonly onConfirm: () => Promise<string>
  readonly disabled?: boolean
}

/** Only an operator can press it; a viewer sees why not. */
export function ConfirmButton({ label, children, onConfirm, disabled = false }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const isOperator = useIsOperator()
  const [isBusy, setBusy] = useState(false)
  const [said, setSaid] = useState<{ text: string; isProblem: boolean }>()
  const confirm = async () => {
    setBusy(true)
    try {
      setSaid({ text: await onConfirm(), isProblem: false })
    } catch (error) {
      setSaid({ text: problemOf(error).message, isProblem: true })
    } finally {
      setBusy(false)
      dialog.current?.close()
    }
  }
  return (
    <>
      <button
        type="button"
        disabled={disabled || !isOperator}
        title={isOperator ? undefined : 'Only an operator may do this.'}
        onClick={() => dialog.current?.showModal()}
      >
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
      {said && (
        <p class={said.isProblem ? 'problem' : 'done'} role={said.isProblem ? 'alert' : 'status'}>
          {said.text}
        </p>
      )}
    </>
  )
}
