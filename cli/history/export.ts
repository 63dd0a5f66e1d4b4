import { exportHistory } from '../../lib/operations/history/export.ts'
import { command } from '../command.ts'
import { configOf } from '../connections.ts'
import { ARGUMENTS, copied, OPTIONS } from './copy.ts'
import { placeOf, requireHistory } from './store.ts'

export default command({
  about: `Copy the history of an environment to a folder or to another bucket, with a manifest.

Whole objects are copied, so records shortly before --since and after --until can be included. manifest.json lists the
objects with their rows and checksums. Erasures do not reach an export.`,
  more: `
If the command is interrupted, repeat it: objects that are already there are kept. An object with other contents is
not replaced without --force. It may have been erased or recreated since an earlier export.

Examples:
  sluice history export ./backup
  sluice history export s3://archive/sluice --table readings --since 2026-11-01 --until 2026-12-01`,
  args: ARGUMENTS,
  options: OPTIONS,
  async run({ place, ...options }, terminal) {
    const config = configOf(terminal, options.env)
    const from = await requireHistory(config, terminal)
    const to = await placeOf(place, terminal, options.env)
    await copied(options, config.env, terminal, (plan, onProgress) =>
      exportHistory(plan, { from, to, stop: terminal.stop, onProgress }),
    )
  },
})
