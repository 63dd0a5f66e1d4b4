import { load } from 'js-yaml'

type Refusal = readonly [row: string, settings: Record<string, unknown>, message: RegExp]

/** A table of wrong settings: YAML, an arrow, and what the message says of it, where `…` stands for anything. */
export function refusals(table: string): Refusal[] {
  const rows = table.split('\n').filter(line => line.includes(' → '))
  return rows.map(row => {
    const [settings = '', says = ''] = row.split(' → ').map(part => part.trim())
    const message = says.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll('…', '.*')
    const given = load(`{ ${settings} }`) as Record<string, unknown>
    return [settings.slice(0, 60), given, new RegExp(message)]
  })
}
