/** Dead letters: records that a consumer could not process. A list, or one letter. */
import type { JSX } from 'preact'
import { useLocation } from 'preact-iso'
import { QuestionList } from '../questions/question-list.tsx'
import { QuestionThing } from '../questions/question-thing.tsx'
import { RedriveOrDrop } from './redrive-or-drop.tsx'

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
            handled === null && <RedriveOrDrop ats={[String(at)]} what="" canRedrive={leftOut === null} />
          }
        </QuestionThing>
      ) : (
        <QuestionList path="/failures">
          {({ rows }, { state = '', ...conditions }) =>
            rows.length > 0 &&
            ['', 'open'].includes(state) && (
              <RedriveOrDrop
                key={JSON.stringify(conditions)}
                ats={[]}
                conditions={conditions}
                what="all of these"
              />
            )
          }
        </QuestionList>
      )}
    </>
  )
}
