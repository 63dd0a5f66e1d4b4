/** Asks before something is changed, and says what came of it. */

import type { ComponentChildren, JSX } from 'preact'
import { useRef } from 'preact/hooks'
import { type Said, useAction } from '../data/action.ts'
import { useIsOperator } from '../data/environment.ts'

interface Props {
  /** What the button says, as in "Redrive". */
  readonly label: string
  /** What happens, in sentences: the dialog shows it. */
  readonly children: ComponentChildren
  /** Resolves to a sentence that says what was done. */
  readonly onConfirm: () => Promise<string>
  readonly disabled?: boolean
  /** Hears what came of it, and shows it, where the change takes the button itself away. */
  readonly tell?: (said: Said | undefined) => void
}

const FOR_OPERATORS: Said = {
  text: 'Only an operator may do this, and you are signed in as a viewer.',
  isProblem: true,
}

/** Only an operator can use it; a viewer who tries is told why not. */
export function ConfirmButton({ label, children, onConfirm, disabled = false, tell }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const isOperator = useIsOperator()
  const { isBusy, said, setSaid, run } = useAction(onConfirm, tell)
  const open = () => {
    setSaid(isOperator ? undefined : FOR_OPERATORS)
    if (isOperator) dialog.current?.showModal()
  }
  const confirm = () => run().finally(() => dialog.current?.close())
  return (
    <>
      {/* Not `disabled` for a viewer: who reaches it by keyboard shall learn why it does nothing. */}
      <button type="button" disabled={disabled} aria-disabled={!isOperator} onClick={open}>
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
      <Outcome of={said} />
    </>
  )
}

interface OutcomeProps {
  readonly of: Said | undefined
  /** Follows what is said. */
  readonly children?: ComponentChildren
}

export function Outcome({ of: said, children }: OutcomeProps): JSX.Element | null {
  if (!said) return null
  return (
    <p class={said.isProblem ? 'problem' : 'done'} role={said.isProblem ? 'alert' : 'status'}>
      {said.text}
      {children}
    </p>
  )
}
