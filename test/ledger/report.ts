/** Reports the figures and the verdict of a run. */
import { availableParallelism } from 'node:os'
import { durationText } from '../../lib/support/duration.ts'
import { LOST, ORDER, TWICE } from './count/violations.ts'
import { formatCommand } from './options.ts'
import { describeFault, type Result } from './result.ts'

export function report(result: Result): string[] {
  const { options, figures, struck, violations } = result
  const { events, seed, workers, brokers } = options
  const { emissions, failures } = figures
  const machine = `${availableParallelism()} processors, Node ${process.versions.node}`
  const rows = [
    ['sent', `${events} records, seed ${seed}, ${workers} workers, ${brokers} broker(s), ${machine}`],
    ['acknowledged', `${result.acknowledged}; ${result.refused} refused as too large`],
    [
      'in the log',
      `${figures.records}: these, ${figures.unacknowledged} copies from ${result.repeated} repeated requests, ${figures.ticks} ticks, ${figures.foreign} of the other producer`,
    ],
    ...['applied', 'duplicate', 'ignored', 'failed', 'timer'].map(outcome => [
      outcome,
      outcomes(figures.tally, outcome),
    ]),
    [
      'emitted',
      `${emissions.distinct}, and ${emissions.repeats} repeats with the same ids; ${figures.received} received downstream`,
    ],
    ['failures', `${failures.distinct}, and ${failures.repeats} repeats`],
    [
      'input',
      `${figures.mapped.distinct} readings, and ${figures.mapped.repeats} repeats with the same ids; ${outcomes(figures.taken, 'failed')} failed, ${outcomes(figures.taken, 'duplicate')} duplicate`,
    ],
    ['remembered', `${figures.states} entities`],
    ['took', `${durationText(result.flowMs)} with ${struck.length} faults`],
  ]
  return [
    ...rows.map(([name = '', what]) => `${name.padEnd(14)}${what}`),
    ...struck.map(fault => `fault         ${describeFault(fault)}`),
    ...violations.lines.map(line => `wrong         ${line}`),
    verdict(result),
  ]
}

function verdict({ violations, kept, options }: Result): string {
  const [lost, twice, order] = [LOST, TWICE, ORDER].map(kind => violations.count(kind))
  const counts = `${lost} lost, ${twice} applied twice, ${order} out of order`
  if (violations.isEmpty)
    return `KEPT          ${counts}; states, timers and emissions equal to the reference`
  const others = violations.kinds.filter(kind => ![LOST, TWICE, ORDER].includes(kind))
  return `BROKEN        ${[counts, ...others].join('; ')}\n              kept in ${kept}; again: ${formatCommand(options)}`
}

function outcomes(tally: ReadonlyMap<string, number>, outcome: string): string {
  const own = [...tally].filter(([how]) => how.startsWith(`${outcome}/`)).sort()
  const sum = own.reduce((all, [, count]) => all + count, 0)
  return `${sum} (${own.map(([how, count]) => `${how.slice(outcome.length + 1)} ${count}`).join(', ')})`
}
