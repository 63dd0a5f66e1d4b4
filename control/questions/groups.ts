import type { GroupDescription } from '#runtime/operating/kafka'
import { textFilter } from '../../lib/support/text-match.ts'
import { NEWER_PROTOCOL } from '../diagnosis/stalls.ts'
import { type GroupLag, listGroups, readGroupLags } from '../queries/kafka/consumer-groups.ts'
import { column, count, type Tone } from './column.ts'
import type { Environment } from './environment.ts'
import { textField } from './field.ts'
import { question } from './question.ts'

/** Columns of all lists of groups. */
export const GROUP_COLUMNS = [
  column('group', { link: 'group', terminal: { least: 20 } }),
  column('function', { terminal: { leaveOut: 2 } }),
  column('state', { tone: 'tone' }),
  count('members', { none: 'not known', terminal: { leaveOut: 1 } }),
  count('pending', { heading: 'Lag in records', atLeast: 'isAtLeast', none: 'not known' }),
] as const

export const GROUPS = question({
  title: 'Consumer groups',
  about: `List the consumer groups of the cluster with their state, and the number of records that they have not read. \`groups lag\` shows
each partition.`,
  more: `
Examples:
  sluice groups list
  sluice groups list --find alerting --json`,
  ofCluster: true,
  filter: { find: textField('part of the name of a group or its function', 'alerting') },
  async read(environment, { find = '' }, { most }) {
    const kafka = await environment.kafka()
    const fits = textFilter(find)
    const matching = (await listGroups(kafka)).filter(({ group }) =>
      fits(`${group} ${environment.findFunction(group) ?? ''}`),
    )
    const shown = matching.slice(0, most)
    const lags = await readGroupLags(kafka, await environment.cluster(), shown)
    const rows = lags.map(lag => summarizeGroup(environment, lag))
    return { rows, more: matching.length - shown.length, notes: explainUnknown(rows) }
  },
}).shownAs({
  key: 'group',
  columns: [
    ...GROUP_COLUMNS,
    column('topics', { heading: 'Reads', type: 'list', link: 'topic', terminal: { least: 20 } }),
  ],
  empty:
    'There are no consumer groups. The group of a function exists once the function has started to read.',
})

/** Returns a group as a row of a list. Pure. */
export function summarizeGroup(
  environment: Pick<Environment, 'findFunction'>,
  { group, state, members, pending, topics }: GroupLag,
) {
  const name = environment.findFunction(group)
  return {
    group,
    function: name,
    ...judgeGroup(state, pending, name !== null),
    members: members?.length ?? null,
    // Kafka keeps the offsets of a share group elsewhere.
    pending: members === null && topics.length === 0 ? null : pending,
    isAtLeast: topics.some(({ unknown }) => unknown.length > 0),
    topics: topics.map(({ topic }) => topic),
  }
}

/** Returns the reason why the members of groups are not known. Pure. */
export function explainUnknown(rows: readonly { readonly members: number | null }[]): string[] {
  return rows.some(({ members }) => members === null) ? [`State unknown: ${NEWER_PROTOCOL}.`] : []
}

/** Returns the state of a group. One without members needs attention if a function should read its pending records. Pure. */
export function judgeGroup(
  state: GroupDescription['state'],
  pending: number,
  isOfFunction: boolean,
): { readonly state: GroupDescription['state'] | 'no readers'; readonly tone: Tone } {
  if (state !== 'empty') return { state, tone: state === 'stable' ? 'good' : 'warn' }
  if (pending === 0) return { state, tone: isOfFunction ? 'warn' : 'muted' }
  return { state: 'no readers', tone: isOfFunction ? 'bad' : 'muted' }
}
