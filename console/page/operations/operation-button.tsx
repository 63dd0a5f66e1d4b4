/** Button of an operation, and the dialog with its protocol: the plan, the question, and what was done. */
import { createContext, type JSX } from 'preact'
import { useContext, useEffect, useRef, useState } from 'preact/hooks'
import type { ConsoleOperations } from '../../../control/operations/all.ts'
import type { Operation, Undo } from '../../../control/operations/operation.ts'
import type { Texts } from '../../../control/questions/field.ts'
import type { ShownPlan, ShownResult } from '../../api/operations.ts'
import type { ShownField } from '../../api/questions.ts'
import { makeChange, useAnswer, useIsOperator } from '../client/api-queries.ts'
import { toProblem } from '../client/api-request.ts'
import { FormField, useSettled } from '../components/form-fields.tsx'

/** Operation that a person chooses with a button. */
interface Chosen<Words extends string = string, Field extends string = string> {
  /** Words of the operation's command. */
  readonly action: Words
  /** Text of the button, such as "Redrive". */
  readonly label: string
  /** Texts of the operation's fields, by their names. One that is empty or undefined is not given. */
  readonly request: Readonly<Partial<Record<Field, Texts[string]>>>
  /** Fields that the person may fill in. `request` can have their first values. */
  readonly asks?: readonly Field[]
}

type TypedTexts = Chosen['request']

type FieldOf<Words extends keyof ConsoleOperations> =
  ConsoleOperations[Words] extends Operation<infer Of, infer _Plan, infer _Result> ? keyof Of & string : never

const ChooseContext = createContext<(chosen: Chosen) => void>(() => {})

/** Button of an operation. It opens the dialog of the page. */
export function OperationButton<Words extends keyof ConsoleOperations>({
  isSecond = false,
  ...chosen
}: Chosen<Words, FieldOf<Words>> & { readonly isSecond?: boolean }): JSX.Element {
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

/** Stage of an operation. A problem ended the stage before. */
type Stage =
  /** Fields that are required are empty. */
  | { readonly name: 'asking'; readonly problem?: string }
  | { readonly name: 'planning' }
  | { readonly name: 'planned'; readonly plan: ShownPlan; readonly problem?: string | undefined }
  /** An operation has several parts if one request does not suffice. */
  | {
      readonly name: 'running' | 'over'
      readonly parts: readonly ShownResult[]
      readonly problem?: string | undefined
    }

/** Text of the button that ends a stage. */
const LEAVE = { asking: 'Cancel', planning: 'Cancel', planned: 'Cancel', running: 'Stop', over: 'Close' }

function OperationDialog({
  chosen: { action, label, request: given, asks = [] },
  close,
}: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const choose = useContext(ChooseContext)
  const [typed, setTyped] = useState(given)
  const isOperator = useIsOperator()
  const { answer: described } = useAnswer('/operations', {}, { skip: asks.length === 0 })
  const fields = described?.[action]?.filter(({ name }) => asks.includes(name)) ?? []
  const request = omitEmpty(typed)
  const isReady =
    asks.length === 0 ||
    (described !== undefined && fields.every(({ name, isRequired }) => !isRequired || request[name]))
  const { stage, carryOut, stop } = useStage(action, useSettled(JSON.stringify(request)), isReady)
  const isRunning = stage.name === 'running'
  useEffect(() => dialog.current?.showModal(), [])
  const undo = stage.name === 'over' && isOperator ? stage.parts.at(-1)?.undo : null
  const undoIt = ({ action, request }: Undo) => {
    close()
    choose({ action, label: 'Undo', request })
  }
  // Stay open, so that the parts that are done are shown.
  const stayOpen = (event: Event) => {
    if (!isRunning) return
    event.preventDefault()
    stop()
  }
  const canBegin = stage.name === 'planned' && !stage.plan.isEmpty && isOperator
  return (
    <dialog ref={dialog} aria-label={label} onClose={close} onCancel={stayOpen}>
      <article>
        <h3>{label}</h3>
        {!('parts' in stage) && <Form fields={fields} typed={typed} setTyped={setTyped} />}
        <StageView stage={stage} />
        {!isOperator && <p>This requires the operator role. You are signed in as a viewer.</p>}
        <footer>
          <button type="button" class="secondary" onClick={isRunning ? stop : () => dialog.current?.close()}>
            {LEAVE[stage.name]}
          </button>
          {undo && (
            <button type="button" onClick={() => undoIt(undo)}>
              Undo
            </button>
          )}
          {(canBegin || isRunning) && (
            <button type="button" aria-busy={isRunning} disabled={isRunning} onClick={carryOut}>
              {label}
            </button>
          )}
        </footer>
      </article>
    </dialog>
  )
}

interface FormProps {
  readonly fields: readonly ShownField[]
  readonly typed: TypedTexts
  readonly setTyped: (typed: TypedTexts) => void
}

function Form({ fields, typed, setTyped }: FormProps): JSX.Element | null {
  if (fields.length === 0) return null
  return (
    <form class="bar" onSubmit={event => event.preventDefault()}>
      {fields.map(field => (
        <FormField
          key={field.name}
          field={field}
          value={[typed[field.name] ?? ''].flat().join('\n')}
          set={value => setTyped(setField(typed, field, value))}
        />
      ))}
    </form>
  )
}

function StageView({ stage }: { readonly stage: Stage }): JSX.Element {
  const plan = stage.name === 'planned' ? stage.plan : undefined
  const parts = 'parts' in stage ? stage.parts : []
  const problem = stage.name === 'planning' ? undefined : stage.problem
  return (
    <>
      {stage.name === 'planning' && <p aria-busy="true">Planning …</p>}
      {plan && <Lines of={plan.question === null ? plan.lines : [...plan.lines, plan.question]} />}
      <div role="status">
        {parts.map(({ lines, problem, rest }, index) => (
          <Lines key={index} of={[...lines, ...[problem, rest].filter(text => text !== null)]} />
        ))}
      </div>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </>
  )
}

/**
 * Plans an operation, and carries it out, in several requests if one does not suffice. It ends after the current one when it is
 * stopped. A plan that has changed is shown again.
 *
 * @param request JSON text of the request. A change of it makes a new plan.
 * @param isReady false if fields that are required are empty
 */
function useStage(action: string, request: string, isReady: boolean) {
  const [stage, setStage] = useState<Stage>({ name: 'asking' })
  const newest = useRef(request)
  newest.current = request
  const isStopped = useRef(false)
  const stop = () => {
    isStopped.current = true
  }
  const plan = async (problem?: string) => {
    setStage({ name: 'planning' })
    const asked = makeChange('POST /operations/plan', { action, request: JSON.parse(request) })
    const planned: Stage = await asked.then(
      plan => ({ name: 'planned', plan, problem }),
      error => ({ name: 'asking', problem: toProblem(error).message }),
    )
    // Another plan may have been asked for meanwhile.
    if (newest.current === request) setStage(planned)
  }
  const carryOut = async () => {
    if (stage.name !== 'planned') return
    const { request, at, expects } = stage.plan
    let parts: readonly ShownResult[] = []
    isStopped.current = false
    try {
      for (let isOver = false; !isOver && !isStopped.current; ) {
        setStage({ name: 'running', parts })
        // Later parts differ from the plan, because a part of it is done.
        const [whole, rest] = parts.length === 0 ? [{ expects }, {}] : [{}, { rest: null }]
        const part = await makeChange('POST /operations/carry-out', { action, request, at, ...whole })
        parts = [...parts, { ...part, ...rest }]
        isOver = part.isOver || part.problem !== null
      }
      setStage({ name: 'over', parts })
    } catch (error) {
      const { code, message: problem } = toProblem(error)
      if (parts.length > 0) setStage({ name: 'over', parts, problem })
      else if (code === 'conflict') await plan(problem)
      else setStage({ ...stage, problem })
    }
  }
  useEffect(() => stop, [])
  useEffect(() => {
    if (isReady) void plan()
    else setStage({ name: 'asking' })
  }, [request, isReady])
  return { stage, carryOut, stop }
}

/** Returns the texts with another value of a field, and without the fields that cannot be given with it. */
function setField(typed: TypedTexts, { name, isList, conflicts }: ShownField, value: string): TypedTexts {
  const others = value === '' ? [] : conflicts.map(other => [other, ''] as const)
  return { ...typed, ...Object.fromEntries(others), [name]: isList ? value.split('\n') : value }
}

function omitEmpty(texts: TypedTexts): TypedTexts {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => [text].flat().some(Boolean)))
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
