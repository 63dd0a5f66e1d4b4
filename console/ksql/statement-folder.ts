/** Opens the folder of the SQL tables for the servers of ksqlDB's interface that carry out CREATE and DROP. */
import { resolve } from 'node:path'
import type { AnyKeyedProcess, Consumer } from '#runtime/pipeline'
import { type FolderParts, StatementFolder } from '../../control/operations/statement-folder.ts'
import { describeRefusal } from '../../control/queries/saved-files.ts'
import { openViewPorts } from '../../control/table-builds/apply-views.ts'
import { loadStreamTopics } from '../../lib/app/inputs/loaded-inputs.ts'
import { PROJECT } from '../../scripts/paths.ts'
import type { ConsoleEnvironment } from '../environment.ts'

interface StatementFolderOptions extends Pick<FolderParts, 'report' | 'stop'> {
  /** Name of the operator in the audit log. */
  readonly by: string
  /** Loads the consumer `views`, as the functions run it. */
  readonly loadViews: () => Promise<Consumer<AnyKeyedProcess>>
}

/** Returns the folder of statements of this environment. `stop` ends a running change, which the next start finishes. */
export function createStatementFolder(
  environment: ConsoleEnvironment,
  { by, loadViews, report, stop }: StatementFolderOptions,
): StatementFolder {
  const { config, connections, nowMs, newId } = environment
  return new StatementFolder({
    report: text => {
      const [line = '', ...errors] = text.split('\n').map(line => line.trim())
      environment.statementsRefusal = line.startsWith('✗') ? describeRefusal(errors) : undefined
      report(text)
    },
    stop,
    getFamilies: () => environment.config.families,
    folder: resolve(PROJECT, config.viewsDir),
    shownFolder: config.viewsDir,
    sent: config.sentViewsDir,
    loadTopics: () => loadStreamTopics(environment.config),
    readInForce: () => environment.sqlTables(),
    openPorts: async () => openViewPorts(environment, await loadViews()),
    trail: { by, connections, nowMs, newId },
  })
}
