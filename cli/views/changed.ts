/** Changes the tables in force, and shows the progress. */
import type { Counts, Operation } from '../../lib/operations/audit.ts'
import { applyViews, newProgress } from '../../lib/operations/views/apply.ts'
import type { ViewPlan } from '../../lib/views/plan.ts'
import { environmentOf } from '../connections.ts'
import { carryOut } from '../operation.ts'
import { operatorOf } from '../person.ts'
import { showLineLater } from '../progress.ts'
import type { Terminal } from '../terminal.ts'
import type { ViewServers } from './servers.ts'
import { progressText } from './text.ts'

/** Returns the counts of the change; undefined if the user has stopped it. */
export async function changed(
  { config, connections, ports }: ViewServers,
  operation: Operation,
  wanted: ViewPlan,
  terminal: Terminal,
): Promise<Counts | undefined> {
  const progress = newProgress()
  const by = await operatorOf(config)
  return carryOut(connections, operation, async counts => {
    const hide = showLineLater(terminal, () => progressText(progress))
    try {
      await applyViews(
        await ports(environmentOf(terminal, config.env)),
        wanted,
        by,
        { progress, stop: terminal.stop },
        counts,
      )
      return counts
    } catch (error) {
      if (!terminal.stop.aborted) throw error
      terminal.stderr.write('Stopped. Run the command again to finish it.\n')
      return undefined
    } finally {
      hide()
    }
  })
}
