/** Redrives or drops dead letters: shows what would be done, and begins it when the person says so. */
import type { JSX } from 'preact'
import { useId, useRef, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import type { OperationAnswer } from '../../api/failures/operation-answer.ts'
import type { Plan } from '../../api/failures/plan.ts'
import type { Problem } from '../../api/problem.ts'
import { addressOf } from '../data/address.ts'
import { act, problemOf } from '../data/answers.ts'
import { useEnvironment, useIsOperator } from '../data/environment.ts'
import { PlanText } from './plan.tsx'
import { goOnFromHere } from './steps.ts'
import { type Command, WORDS } from './words.ts'

interface Props {
  readonly command: Command
  /** Those that are meant, one by one. */
  readonly ats?: readonly string[]
  /** Or conditions that say which, as they are when the person asks. */
  readonly filter?: () => Readonly<Record<string, string | number>>
  /** Follows the verb on the button. */
  readonly what: string
}

interface Asked {
  readonly plan?: Plan
  readonly problem?: Problem
}

export function Handle({ command, ats = [], filter, what }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const [asked, setAsked] = useState<Asked>({})
  const newest = useRef(0)
  const { does } = WORDS[command]
  const look = async (again: boolean) => {
    newest.current += 1
    const question = newest.current
    // The answer to an earlier question may arrive after that to a later one.
    const say = (answer: Asked) => {
      if (question === newest.current) setAsked(answer)
    }
    say({})
    if (!dialog.current?.open) dialog.current?.showModal()
    try {
      const body = { command, ats, ...(filter ? { filter: filter() } : {}), ...(again ? { again } : {}) }
      say({ plan: await act<Plan>('/failures/plan', body) })
    } catch (error) {
      say({ problem: problemOf(error) })
    }
  }
  const close = () => dialog.current?.close()
  return (
    <>
      <button type="button" class={command === 'drop' ? 'secondary' : ''} onClick={() => void look(false)}>
        {does} {what}
      </button>
      <dialog ref={dialog} class="failures-plan" aria-label={`${does} dead letters`}>
        <article>
          <h3>{does} dead letters</h3>
          {asked.problem && (
            <p class="problem" role="alert">
              {asked.problem.message}
            </p>
          )}
          {!asked.plan && !asked.problem && <p aria-busy="true">Looking at what it would do …</p>}
          {asked.plan ? (
            <Confirm plan={asked.plan} lookAgain={() => void look(true)} close={close} />
          ) : (
            <footer>
              <button type="button" class="secondary" onClick={close}>
                Cancel
              </button>
            </footer>
          )}
        </article>
      </dialog>
    </>
  )
}

interface ConfirmProps {
  readonly plan: Plan
  readonly lookAgain: () => void
  readonly close: () => void
}

function Confirm({ plan, lookAgain, close }: ConfirmProps): JSX.Element {
  const { request, taken } = plan
  const { does } = WORDS[request.command]
  const isOperator = useIsOperator()
  const { streams } = useEnvironment()
  const { route } = useLocation()
  const [rate, setRate] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const begin = async () => {
    setBusy(true)
    try {
      const body = rate === '' ? request : { ...request, perSecond: Number(rate) }
      const { id } = await act<OperationAnswer>('/failures/operations', body)
      if (!streams) goOnFromHere(id)
      close()
      route(addressOf('/failures/operations', { operation: id }))
    } catch (error) {
      setProblem(problemOf(error))
      setBusy(false)
    }
  }
  return (
    <>
      <PlanText plan={plan} lookAgain={lookAgain} />
      {request.command === 'redrive' && taken > 1 && <Rate rate={rate} set={setRate} />}
      {problem && (
        <p class="problem" role="alert">
          {problem.message}
        </p>
      )}
      {!isOperator && <p>Only an operator may do this; you are signed in as a viewer.</p>}
      <footer>
        <button type="button" class="secondary" onClick={close}>
          Cancel
        </button>
        <button
          type="button"
          aria-busy={isBusy}
          disabled={isBusy || !isOperator || taken === 0}
          onClick={() => void begin()}
        >
          {does} {taken}
        </button>
      </footer>
    </>
  )
}

function Rate({ rate, set }: { readonly rate: string; readonly set: (rate: string) => void }): JSX.Element {
  const id = useId()
  return (
    <div class="failures-rate">
      <label for={id}>At most so many a second</label>
      <input
        id={id}
        type="number"
        min="1"
        max="100000"
        value={rate}
        placeholder="as fast as Kafka takes them"
        onInput={event => set(event.currentTarget.value)}
      />
    </div>
  )
}
