/** Topics and brokers of the cluster, or one topic with its partitions, its readers and its settings. */
import type { JSX } from 'preact'
import { buildAddress } from '../client/address.ts'
import { OperationButton } from '../operations/operation-button.tsx'
import { QuestionList } from '../questions/question-list.tsx'
import { QuestionThing } from '../questions/question-thing.tsx'

export function Topics(): JSX.Element {
  return (
    <>
      <QuestionList path="/kafka/topics" />
      <p class="bar">
        <OperationButton
          action="topics create"
          label="Create a topic"
          request={{}}
          asks={['name', 'partitions', 'replicationFactor', 'set']}
        />
        <OperationButton action="topics apply" label="Apply the topic table" request={{}} isSecond />
      </p>
      <QuestionList path="/kafka/brokers" below="list" />
      <QuestionList path="/kafka/subjects" below="list" />
    </>
  )
}

export function OneTopic({ name }: { readonly name: string }): JSX.Element {
  return (
    <QuestionThing path="/kafka/topics/one" filter={{ topic: name }} back={['/kafka', 'All topics']}>
      {({ topic }) => (
        <p>
          <a href={buildAddress('/kafka/messages', { topic: String(topic) })}>Look at its messages</a>
        </p>
      )}
    </QuestionThing>
  )
}
