/** Button of an operation, and the dialog with its protocol: the plan, the question, and what was done. */
import { createContext, type JSX } from 'preact'
import { useContext, useEffect, useRef, useState } from 'preact/hooks'
import type { Texts } from '../../../lib/questions/field.ts'
import type { ShownPlan, ShownResult } from '../../api/operations.ts'
import { makeChange, useAnswer, useIsOperator } from '../client/api-queries.ts'
import { toProblem } from '../client/api-request.ts'
import { Outcome, useAction } from '../components/action.tsx'
import { FormField, useSettled } from '../components/form-fields.tsx'

/** Operation that a person has chosen. */
interface Chosen {
  /** Words of the operation's command. */
  readonly action: string
  /** Text of the button, such as "Redrive". */
  readonly label: string
  /** Texts of the operation's fields, by their names. */
  readonly request: Texts
  /** Fields that the person may fill in. `request` can have their first values. */
  readonly asks?: readonly string[]
}

const ChooseContext = createContext<(chosen: Chosen) => void>(() => {})

/** Button of an operation. It opens the dialog of the page. */
export function OperationButton({
  isSecond = false,
  ...chosen
}: Chosen & { readonly isSecond?: boolean }): JSX.Element {
  const choose = useContext(ChooseContext)
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
      {chosen && (
        <OperationDialog key={JSON.stringify(chosen)} chosen={chosen} close={() => choose(undefined)} />
      )}
    </ChooseContext.Provider>
  )
}

interface Props {
  readonly chosen: Chosen
  readonly close: () => void
}

function OperationDialog({
  chosen: { action, label, request: given, asks = [] },
  close,
}: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const choose = useContext(ChooseContext)
  const [plan, setPlan] = useState<ShownPlan>()
  const [typed, setTyped] = useState<Texts>(given)
  const newest = useRef('')
  const isOperator = useIsOperator()
  const { answer: described } = useAnswer('/operations', {}, { skip: asks.length === 0 })
  const fields = described?.[action]?.filter(({ name }) => asks.includes(name)) ?? []
  const request = useSettled(JSON.stringify(omitEmpty(typed)))
  // A plan is asked for once what it needs is there, and again after each change.
  const isReady =
    asks.length === 0 ||
    (described !== undefined && fields.every(({ name, isRequired }) => !isRequired || typed[name]))
  const planning = useAction(async () => {
    setPlan(undefined)
    newest.current = request
    const planned = await makeChange('POST /operations/plan', { action, request: JSON.parse(request) })
    // Another plan may have been asked for meanwhile.
    if (newest.current === request) setPlan(planned)
    return undefined
  })
  const doing = useSteps(action, plan, planning.run)
  useEffect(() => dialog.current?.showModal(), [])
  useEffect(() => {
    if (isReady) void planning.run()
  }, [request, isReady])
  // Stay open, so that the parts that are done are shown.
  const stayOpen = (event: Event) => {
    if (!doing.isBusy) return
    event.preventDefault()
    doing.stop()
  }
  const hasBegun = doing.isBusy || doing.steps.length > 0
  const undo = doing.steps.at(-1)?.undo
  const canBegin = plan !== undefined && !plan.isEmpty && isOperator && !hasBegun
  return (
    <dialog ref={dialog} aria-label={label} onClose={close} onCancel={stayOpen}>
      <article>
        <h3>{label}</h3>
        {fields.length > 0 && !hasBegun && (
          <form class="bar" onSubmit={event => event.preventDefault()}>
            {fields.map(field => (
              <FormField
                key={field.name}
                field={field}
                value={[typed[field.name] ?? ''].flat().join(' ')}
                set={value => setTyped(before => ({ ...before, [field.name]: value }))}
              />
            ))}
          </form>
        )}
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
          {undo && !doing.isBusy && isOperator && (
            <button
              type="button"
              onClick={() => {
                close()
                choose({ action: undo.action, label: 'Undo', request: undo.request })
              }}
            >
              Undo
            </button>
          )}
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

/**
 * Carries out a plan in several requests, if one does not suffice. It ends after the current one when it is stopped. A plan that has
 * changed is shown again.
 */
function useSteps(action: string, plan: ShownPlan | undefined, planAgain: () => Promise<void>) {
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
      const asked = makeChange('POST /operations/carry-out', { action, request, at, ...whole })
      const step = await asked.catch(async error => {
        if (isFirst && toProblem(error).code === 'conflict') await planAgain()
        throw error
      })
      setSteps(before => [...before, isFirst ? step : { ...step, rest: null }])
      isFirst = false
      isOver = step.isOver || step.problem !== null
    }
    return undefined
  })
  return { steps, isBusy, result, run, stop }
}

function omitEmpty(texts: Texts): Texts {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ''))
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
