/** Button of an operation, and the dialog with its protocol: the plan, the question, and what was done. */
import { createContext, type JSX } from 'preact'
import { useContext, useEffect, useRef, useState } from 'preact/hooks'
import type { ShownPlan, ShownResult } from '../../api/operations.ts'
import { makeChange, useEnvironment, useIsOperator } from '../client/api-queries.ts'
import { Outcome, useAction } from '../components/action.tsx'

/** Operation that a person has chosen. */
interface Chosen {
  /** Words of the operation's command. */
  readonly action: string
  /** Text of the button, such as "Redrive". */
  readonly label: string
  /** What it applies to, by the names of the operation's fields. */
  readonly request: Readonly<Record<string, string | readonly string[]>>
}

const ChooseContext = createContext<(chosen: Chosen) => void>(() => {})

/** Button of an operation, if this console offers it. It opens the dialog of the page. */
export function OperationButton({
  isSecond = false,
  ...chosen
}: Chosen & { readonly isSecond?: boolean }): JSX.Element | null {
  const choose = useContext(ChooseContext)
  if (!useEnvironment().operations.includes(chosen.action)) return null
  return (
    <button type="button" class={isSecond ? 'secondary outline' : undefined} onClick={() => choose(chosen)}>
      {chosen.label}
    </button>
  )
}

/** Holds the dialog beside the page, because an operation can remove the row with its button. */
export function OperationDialogs({ children }: { readonly children: JSX.Element }): JSX.Element {
  const [chosen, choose] = useState<Chosen>()
  return (
    <ChooseContext.Provider value={choose}>
      {children}
      {chosen && <OperationDialog chosen={chosen} close={() => choose(undefined)} />}
    </ChooseContext.Provider>
  )
}

interface Props {
  readonly chosen: Chosen
  readonly close: () => void
}

function OperationDialog({ chosen: { action, label, request }, close }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const [plan, setPlan] = useState<ShownPlan>()
  const isOperator = useIsOperator()
  const planning = useAction(async () => {
    setPlan(await makeChange('POST /operations/plan', { action, request }))
    return undefined
  })
  const doing = useSteps(action, plan)
  useEffect(() => {
    dialog.current?.showModal()
    void planning.run()
  }, [])
  // What was done until then is still to be shown.
  const stayOpen = (event: Event) => {
    if (!doing.isBusy) return
    event.preventDefault()
    doing.stop()
  }
  const hasBegun = doing.isBusy || doing.steps.length > 0
  const canBegin = plan !== undefined && !plan.isEmpty && isOperator && !hasBegun
  return (
    <dialog ref={dialog} aria-label={label} onClose={close} onCancel={stayOpen}>
      <article>
        <h3>{label}</h3>
        {planning.isBusy && <p aria-busy="true">Planning …</p>}
        <Outcome of={planning.result} />
        {plan && !hasBegun && (
          <Lines of={plan.question === null ? plan.lines : [...plan.lines, plan.question]} />
        )}
        <div role="status">
          {doing.steps.map((step, index) => (
            <Lines
              key={index}
              of={[...step.lines, ...[step.problem, step.rest].filter(text => text !== null)]}
            />
          ))}
        </div>
        <Outcome of={doing.result} />
        {!isOperator && <p>This requires the operator role. You are signed in as a viewer.</p>}
        <footer>
          <button
            type="button"
            class="secondary"
            onClick={() => (doing.isBusy ? doing.stop() : dialog.current?.close())}
          >
            {hasBegun ? (doing.isBusy ? 'Stop' : 'Close') : 'Cancel'}
          </button>
          {(canBegin || doing.isBusy) && (
            <button
              type="button"
              aria-busy={doing.isBusy}
              disabled={doing.isBusy}
              onClick={() => doing.run()}
            >
              {label}
            </button>
          )}
        </footer>
      </article>
    </dialog>
  )
}

/** Carries out a plan in several requests, if one does not suffice. It ends after the current one when it is stopped. */
function useSteps(action: string, plan: ShownPlan | undefined) {
  const [steps, setSteps] = useState<readonly ShownResult[]>([])
  const isStopped = useRef(false)
  const stop = () => {
    isStopped.current = true
  }
  useEffect(() => stop, [])
  const { isBusy, result, run } = useAction(async () => {
    if (!plan) return undefined
    const { request, at, expects } = plan
    let isFirst = true
    for (let isOver = false; !isOver && !isStopped.current; ) {
      // Later parts differ from the plan, because a part of it is done.
      const whole = isFirst ? { expects } : {}
      const step = await makeChange('POST /operations/carry-out', { action, request, at, ...whole })
      setSteps(before => [...before, isFirst ? step : { ...step, rest: null }])
      isFirst = false
      isOver = step.isOver || step.problem !== null
    }
    return undefined
  })
  return { steps, isBusy, result, run, stop }
}

function Lines({ of }: { readonly of: readonly string[] }): JSX.Element {
  return (
    <>
      {of.map(line => (
        <p key={line}>{line}</p>
      ))}
    </>
  )
}
