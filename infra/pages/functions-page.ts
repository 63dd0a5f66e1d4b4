/** Generates the lists in docs/functions.md: functions from serverless.yml, and topics. */

import { readFunctions } from '../../control/environment/function-entries.ts'
import { type DeclaredFunction, readsInputRedrives } from '../../control/environment/functions.ts'
import { resolveSignals, SIGNALS, type Signal, TOPICS } from '../../lib/app/naming/topic-table.ts'
import { listUses } from '../roles/uses.ts'

const LISTS = {
  functions: formatFunctionList,
  topics: formatTopicList,
} as const

/** Returns the page with current lists. @throws Error if the page has no markers for a list */
export function formatFunctionsPage(page: string): string {
  return Object.entries(LISTS).reduce((text, [name, list]) => {
    const place = new RegExp(
      `(?<=^<!-- The list of ${name} is .* -->\n).*?(?=^<!-- end of the list -->$)`,
      'ms',
    )
    if (!place.test(text)) throw new Error(`docs/functions.md has no markers for the list of ${name}`)
    return text.replace(place, () => `\n${list()}\n\n`)
  }, page)
}

function formatFunctionList(): string {
  const rows = readFunctions().map(declared => {
    const { name, description, emits } = declared
    const to = emits.length > 0 ? ` → ${formatTopics(emits)}` : ''
    return `- [\`${name}\`](../functions/${name}/handler.ts): ${description}. *${describeStart(declared)}${to}*`
  })
  return rows.join('\n')
}

/** Returns the names of topics. Those to which failed records return are many, and have one name. */
function formatTopics(topics: readonly Signal[]): string {
  const redriven = resolveSignals(['redriven'])
  if (!redriven.every(topic => topics.includes(topic))) return topics.join(', ')
  return [...topics.filter(topic => !redriven.includes(topic)), 'the topics of consumers'].join(', ')
}

function formatTopicList(): string {
  const rows = SIGNALS.map(signal => {
    const { partitions, keptDays, key, carries, isTicked } = TOPICS[signal]
    const facts = [String(partitions), `${keptDays} days`, key, ...(isTicked ? ['ticked'] : [])]
    return `- \`${signal}\` (${facts.join(', ')}): ${carries}`
  })
  return rows.join('\n')
}

function describeStart(declared: DeclaredFunction): string {
  const { consumes, forwards, inputs, schedule } = declared
  const needed = listUses(declared).flatMap(({ needs }) =>
    needs ? `with \`${NEEDED_SETTINGS[needs]}\`` : [],
  )
  const conditions = [...(inputs || readsInputRedrives(declared) ? ['if there are inputs'] : []), ...needed]
  return [
    ...(consumes.length > 0 ? [consumes.join(', ')] : []),
    ...(inputs ? ['topics in `config/inputs.yaml`'] : []),
    ...(schedule ? [describeSchedule(schedule)] : []),
    ...(forwards.length > 0 ? [`reads ${forwards.join(', ')}`] : []),
    ...listUses(declared).flatMap(({ startedBy }) => startedBy ?? []),
    ...conditions.map(condition => `deployed only ${condition}`),
  ].join('; ')
}

/** Settings without which a function is not deployed. */
const NEEDED_SETTINGS = { history: 'HISTORY_BUCKET', storage: 'STORAGE_URL' } as const

function describeSchedule({ expression, condition }: NonNullable<DeclaredFunction['schedule']>): string {
  const [, period] = /^rate\((?:1 )?(.*)\)$/.exec(expression) ?? []
  const when = period === undefined ? `\`${expression}\`` : `every ${period}`
  return condition === 'generator' ? `${when}; in an account, only with \`SLUICE_GENERATOR=on\`` : when
}
