import { FAMILIES } from '../../lib/telemetry/families.ts'
import { command, JSON_OPTION } from '../command.ts'
import { formatList } from '../output/table.ts'
import { printReport } from '../terminal.ts'

export default command({
  about: 'List the families of readings with their types, metrics and units. No server is needed.',
  more: `
Example:
  sluice families list`,
  options: { json: JSON_OPTION },
  run({ json }, terminal) {
    const report = Object.values(FAMILIES).map(({ name, type, metrics, others, states }) => {
      return { family: name, type, metrics, others, states: Object.keys(states) }
    })
    printReport(terminal, report, json, families => `${families.flatMap(formatFamily).join('\n')}\n`)
  },
})

interface ListedFamily {
  readonly family: string
  readonly type: string
  readonly metrics: Readonly<Record<string, string>>
  readonly others: boolean
  readonly states: readonly string[]
}

function formatFamily({ family, type, metrics, others, states }: ListedFamily): string[] {
  const rows = Object.entries(metrics).map(([metric, unit]) => [metric, unit])
  const further = [...(others ? [['any other number', '']] : []), ...states.map(state => [state, 'state'])]
  return [`${family}  ${type}`, ...formatList([...rows, ...further], '  ')]
}
