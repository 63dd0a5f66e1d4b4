/** Lists of firing, past and pending alerts, of the active rules, and one rule with the entities that it affects. */

import type { JSX } from 'preact'
import { buildAddress } from '../client/address.ts'
import { QuestionList } from '../questions/question-list.tsx'
import { QuestionThing } from '../questions/question-thing.tsx'
import { SilenceButton } from './silences.tsx'

export function RuleList(): JSX.Element {
  return <QuestionList path="/alerts/rules" />
}

export function OneRulePage({ name: rule }: { readonly name: string }): JSX.Element {
  return (
    <QuestionThing path="/alerts/rules/one" filter={{ rule }} back={['/alerts/rules', 'All rules']}>
      {({ name }) => (
        <p class="row">
          <SilenceButton matchers={{ rule: String(name) }} />
          <a href={buildAddress('/alerts', { state: 'all', rule: String(name), since: '7d' })}>
            Alerts of the last 7 days
          </a>
        </p>
      )}
    </QuestionThing>
  )
}

export function AlertList(): JSX.Element {
  return (
    <>
      <QuestionList path="/alerts/list" />
      <QuestionList path="/alerts/pending" below="fields" />
    </>
  )
}
