/** Changes the tables in force, and shows the progress. */
import type { Counts, Operation } from '../../lib/operations/audited-operation.ts'
import { applyViews, createProgress, formatProgress } from '../../lib/operations/views/apply-views.ts'
import { VIEWS } from '../../lib/queries/states/view-rows.ts'
import type { ViewPlan } from '../../lib/views/plan.ts'
import { carryOut } from '../operation/carry-out.ts'
import { resolveOperator } from '../operation/operator.ts'
import { showLineLater } from '../output/progress.ts'
import { loadConsumer } from '../recomputation/consumer.ts'
import { resolveEnvironment } from '../servers/settings.ts'
import type { ViewServers } from '../servers/views.ts'
import type { Terminal } from '../terminal.ts'

/** Returns the counts of the change; undefined if the user has stopped it. */
export async function applyChange(
  { config, connections, ports }: ViewServers,
  operation: Operation,
  wanted: ViewPlan,
  terminal: Terminal,
): Promise<Counts | undefined> {
  const progress = createProgress()
  const by = await resolveOperator(config)
  return carryOut(connections, operation, async counts => {
    const hide = showLineLater(terminal, () => formatProgress(progress))
    try {
      const consumer = await loadConsumer(VIEWS.process.name, resolveEnvironment(terminal, config.env))
      await applyViews(await ports(consumer), wanted, by, { progress, stop: terminal.stop }, counts)
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
