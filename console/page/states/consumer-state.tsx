/** State of one consumer, whose partitions an operator can drop. */
import type { JSX } from 'preact'
import { OperationButton } from '../operations/operation-button.tsx'
import { QuestionThing } from '../questions/question-thing.tsx'

export function ConsumerState({ name: consumer }: { readonly name: string }): JSX.Element {
  return (
    <QuestionThing
      path="/states/one"
      filter={{ consumer }}
      back={['/states', 'All consumers']}
      actions={{
        partitions: ({ partition, appliedOffset }, { topic }) =>
          appliedOffset !== null && (
            <>
              <OperationButton
                action="skip"
                label="Skip a record"
                request={{ consumer, topic: String(topic), at: `${partition}@${Number(appliedOffset) + 1}` }}
                asks={['at']}
                isSecond
              />
              <OperationButton
                action="state drop"
                label="Drop"
                request={{ consumer, topic: String(topic), partition: String(partition) }}
                isSecond
              />
            </>
          ),
      }}
    />
  )
}
