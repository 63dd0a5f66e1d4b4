/** Consumer groups of the cluster, or one group with its members and its lag per partition. */
import type { JSX } from 'preact'
import { QuestionList } from '../questions/question-list.tsx'
import { QuestionThing } from '../questions/question-thing.tsx'

export function Groups(): JSX.Element {
  return <QuestionList path="/kafka/groups" />
}

export function OneGroup({ name }: { readonly name: string }): JSX.Element {
  return (
    <QuestionThing path="/kafka/groups/one" filter={{ group: name }} back={['/kafka/groups', 'All groups']} />
  )
}
