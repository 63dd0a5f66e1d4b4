/** The list of functions in docs/functions.md, from serverless.yml. Pure. */
import { type DeclaredFunction, readFunctions } from '../lib/app/functions.ts'
import { usesOf } from './uses.ts'

const LIST = /(?<=^<!-- The list is .* -->\n).*?(?=^<!-- end of the list -->$)/ms

/** Returns the page with the list as it is now. @throws Error if it has no place for the list */
export function functionsPage(page: string): string {
  if (!LIST.test(page)) throw new Error('docs/functions.md has no place for the list of functions')
  return page.replace(LIST, () => `\n${list(readFunctions())}\n\n`)
}

function list(functions: readonly DeclaredFunction[]): string {
  const rows = functions.map(declared => {
    const { name, description, emits } = declared
    return [`[${name}](../functions/${name}/handler.ts)`, startOf(declared), description, emits.join(', ')]
  })
  const cells = [['function', 'started by', 'what it does', 'emits'], ['---', '---', '---', '---'], ...rows]
  return cells.map(row => `| ${row.join(' | ')} |`).join('\n')
}

function startOf(declared: DeclaredFunction): string {
  const { consumes, foreignTopics, schedule } = declared
  return [
    ...[...consumes, ...foreignTopics].map(topic => `records of ${topic}`),
    ...(schedule ? [scheduleText(schedule)] : []),
    ...usesOf(declared).flatMap(({ startedBy }) => startedBy ?? []),
  ].join('; ')
}

function scheduleText({ expression, condition }: NonNullable<DeclaredFunction['schedule']>): string {
  const [, period] = /^rate\((?:1 )?(.*)\)$/.exec(expression) ?? []
  const when = period === undefined ? `\`${expression}\`` : `every ${period}`
  return condition === 'generator' ? `${when}; in an account only with \`SLUICE_GENERATOR=on\`` : when
}
