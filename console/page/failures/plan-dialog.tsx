/** Dialog that shows the plan of a redrive or a drop, and starts it after confirmation. */
import { type ComponentChildren, createContext, type JSX } from 'preact'
import { useContext, useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import type { Plan } from '../../api/failures/plan.ts'
import type { Problem } from '../../api/problem.ts'
import { addressOf } from '../data/address.ts'
import { act, useEnvironment, useIsOperator } from '../data/answers.ts'
import { problemOf } from '../data/ask.ts'
import { PlanText } from './plan.tsx'
import { goOnFromHere } from './steps.ts'
import { type Command, WORDS } from './words.ts'

/** Action that the user has requested. The dialog queries the server for its plan. */
interface RequestedAction {
  readonly command: Command
  readonly ats: readonly string[]
  readonly filter?: Readonly<Record<string, string | number>>
  readonly again?: true
  /** Patch as JSON. */
  readonly patch?: string
}

const AskForPlan = createContext<(wanted: RequestedAction) => void>(() => {})

/** Returns a function that opens the dialog. Must be called within `PlanDialogs`. */
export function useAskForPlan(): (wanted: RequestedAction) => void {
  return useContext(AskForPlan)
}

/**
 * Provides the dialog to its children. The dialog is rendered outside the children, so that it stays open when a live update
 * removes the button that opened it.
 */
export function PlanDialogs({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const [wanted, setWanted] = useState<RequestedAction>()
  return (
    <AskForPlan.Provider value={setWanted}>
      {children}
      {wanted && (
        <PlanDialog
          wanted={wanted}
          lookAgain={() => setWanted({ ...wanted, again: true })}
          onClose={() => setWanted(undefined)}
        />
      )}
    </AskForPlan.Provider>
  )
}

interface DialogProps {
  readonly wanted: RequestedAction
  readonly lookAgain: () => void
  readonly onClose: () => void
}

function PlanDialog({ wanted, lookAgain, onClose }: DialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const { plan, problem } = usePlan(wanted)
  const { does } = WORDS[wanted.command]
  const close = () => dialog.current?.close()
  useLayoutEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} class="failures-plan" aria-label={`${does} dead letters`} onClose={onClose}>
      <article>
        <h3>{does} dead letters</h3>
        {problem && (
          <p class="problem" role="alert">
            {problem.message}
          </p>
        )}
        {!plan && !problem && <p aria-busy="true">Looking at what it would do …</p>}
        {plan ? (
          <Confirm plan={plan} lookAgain={lookAgain} close={close} />
        ) : (
          <footer>
            <button type="button" class="secondary" onClick={close}>
              Cancel
            </button>
          </footer>
        )}
      </article>
    </dialog>
  )
}

interface PlanAnswer {
  readonly plan?: Plan
  readonly problem?: Problem
}

function usePlan(wanted: RequestedAction): PlanAnswer {
  const [asked, setAsked] = useState<PlanAnswer>({})
  useEffect(() => {
    let isNewest = true
    // Ignore an answer if a newer query has been sent in the meantime.
    const say = (answer: PlanAnswer) => {
      if (isNewest) setAsked(answer)
    }
    say({})
    act('POST /failures/plan', wanted).then(
      plan => say({ plan }),
      (error: unknown) => say({ problem: problemOf(error) }),
    )
    return () => {
      isNewest = false
    }
  }, [wanted])
  return asked
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
      const { id } = await act('POST /failures/operations', body)
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
      {!isOperator && <p>This requires the operator role. You are signed in as a viewer.</p>}
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
      <label for={id}>Limit (dead letters a second)</label>
      <input
        id={id}
        type="number"
        min="1"
        max="100000"
        value={rate}
        placeholder="unlimited"
        onInput={event => set(event.currentTarget.value)}
      />
    </div>
  )
}
