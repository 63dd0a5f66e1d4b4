/** Dead letters: records that a consumer could not process. Their reasons, a list, or one letter. */
import type { JSX } from 'preact'
import type { QuestionTexts } from '../../api/questions.ts'
import { OperationButton } from '../operations/operation-button.tsx'
import { QuestionList } from '../questions/question-list.tsx'
import { QuestionThing } from '../questions/question-thing.tsx'

/** Reasons of open dead letters, one in a row. */
export function FailureReasons(): JSX.Element {
  return (
    <QuestionList path="/failures/reasons">
      {({ rows }, conditions) => rows.length > 0 && <HandleAll conditions={conditions} />}
    </QuestionList>
  )
}

export function DeadLetterList(): JSX.Element {
  return (
    <QuestionList path="/failures">
      {({ rows }, { state = 'open', ...conditions }) =>
        rows.length > 0 && state === 'open' && <HandleAll conditions={conditions} />
      }
    </QuestionList>
  )
}

export function DeadLetterPage({ name }: { readonly name: string }): JSX.Element {
  return (
    <QuestionThing
      path="/failures/letter"
      filter={{ at: name }}
      back={['/failures/list', 'All dead letters']}
    >
      {({ at, handled, leftOut }) =>
        handled === null && <RedriveOrDrop request={{ at: String(at) }} canRedrive={leftOut === null} />
      }
    </QuestionThing>
  )
}

type Conditions = QuestionTexts['/failures/reasons']

/** Buttons for all listed dead letters. An operation needs a condition. */
function HandleAll({ conditions }: { readonly conditions: Conditions }): JSX.Element {
  const isAny = Object.values(conditions).every(text => text === '')
  const request = isAny ? { until: new Date().toISOString() } : conditions
  return <RedriveOrDrop request={request} what=" all of these" />
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
