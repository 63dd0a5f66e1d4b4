/** Dialog that shows the plan of a redrive or a drop, and carries it out after confirmation. */
import { type ComponentChildren, createContext, type JSX } from 'preact'
import { useContext, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { HandledAnswer, Plan } from '../../api/failures/handling.ts'
import type { Problem } from '../../api/problem.ts'
import { act, useIsOperator } from '../data/answers.ts'
import { problemOf } from '../data/ask.ts'
import { numberText } from '../parts/words.ts'
import { LeftOutList, PlanText } from './plan.tsx'
import { type Command, WORDS } from './words.ts'

/** Action that the user has requested. The dialog queries the server for its plan. */
interface RequestedAction {
  readonly command: Command
  readonly ats: readonly string[]
  readonly filter?: Readonly<Record<string, string | number>>
  readonly again?: true
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
  const { does, done } = WORDS[request.command]
  const isOperator = useIsOperator()
  const { answer, problem, isBusy, begin } = useHandling(request)
  return (
    <>
      {answer ? (
        <div role="status">
          <p>
            <strong>{numberText(answer.taken)}</strong> {done}
            {answer.isOver
              ? '.'
              : isBusy
                ? ' so far …'
                : '. Not all were handled in time: look at the rest again.'}
          </p>
          <LeftOutList leftOut={answer.leftOut} />
        </div>
      ) : (
        <PlanText plan={plan} lookAgain={lookAgain} />
      )}
      {problem && (
        <p class="problem" role="alert">
          {problem.message}
        </p>
      )}
      {!isOperator && <p>This requires the operator role. You are signed in as a viewer.</p>}
      <footer>
        <button type="button" class="secondary" onClick={close}>
          {answer ? (isBusy ? 'Stop' : 'Close') : 'Cancel'}
        </button>
        {!answer && (
          <button
            type="button"
            aria-busy={isBusy}
            disabled={isBusy || !isOperator || taken === 0}
            onClick={() => void begin()}
          >
            {does} {taken}
          </button>
        )}
      </footer>
    </>
  )
}

/** Carries out a plan, in several requests if one does not suffice. When the dialog is closed, it ends after the current one. */
function useHandling(request: Plan['request']) {
  const [answer, setAnswer] = useState<HandledAnswer>()
  const [problem, setProblem] = useState<Problem>()
  const [isBusy, setBusy] = useState(false)
  const isClosed = useRef(false)
  useEffect(
    () => () => {
      isClosed.current = true
    },
    [],
  )
  const begin = async () => {
    setBusy(true)
    try {
      for (let taken = 0, isOver = false; !isOver && !isClosed.current; ) {
        const step = await act('POST /failures/handle', request)
        taken += step.taken
        setAnswer({ ...step, taken })
        // Dead letters that are named would be redriven again.
        isOver = step.isOver || request.ats.length > 0
      }
    } catch (error) {
      setProblem(problemOf(error))
    }
    setBusy(false)
  }
  return { answer, problem, isBusy, begin }
}
