/** Dead letters: records that a consumer could not process. A list, or one letter. */
import type { JSX } from 'preact'
import { useLocation } from 'preact-iso'
import type { QuestionTexts } from '../../api/questions.ts'
import { OperationButton } from '../operations/operation-button.tsx'
import { QuestionList } from '../questions/question-list.tsx'
import { QuestionThing } from '../questions/question-thing.tsx'

export function FailuresPage(): JSX.Element {
  const { letter } = useLocation().query
  return (
    <>
      <h1>Failures</h1>
      {letter ? (
        <QuestionThing
          path="/failures/letter"
          filter={{ at: letter }}
          back={['/failures', 'All dead letters']}
        >
          {({ at, handled, leftOut }) =>
            handled === null && <RedriveOrDrop request={{ at: String(at) }} canRedrive={leftOut === null} />
          }
        </QuestionThing>
      ) : (
        <QuestionList path="/failures">
          {({ rows }, { state = '', ...conditions }) =>
            rows.length > 0 &&
            ['', 'open'].includes(state) && (
              <RedriveOrDrop request={selectAll(conditions)} what=" all of these" />
            )
          }
        </QuestionList>
      )}
    </>
  )
}

type Conditions = Omit<QuestionTexts['/failures'], 'state'>

/** Returns conditions that all listed dead letters meet. An operation needs one. */
function selectAll(conditions: Conditions): Conditions {
  const isAny = Object.values(conditions).every(text => text === '')
  return isAny ? { until: new Date().toISOString() } : conditions
}

interface Props {
  readonly request: Conditions & { readonly at?: string }
  /** Text that follows the verb in the label of a button. */
  readonly what?: string
  /** False if the dead letter cannot be redriven. */
  readonly canRedrive?: boolean
}

function RedriveOrDrop({ request, what = '', canRedrive = true }: Props): JSX.Element {
  return (
    <p class="bar">
      {canRedrive && (
        <OperationButton
          action="dlq redrive"
          label={`Redrive${what}`}
          request={request}
          asks={'at' in request ? ['rate', 'again'] : ['rate']}
        />
      )}
      <OperationButton action="dlq drop" label={`Drop${what}`} request={request} isSecond />
    </p>
  )
}
