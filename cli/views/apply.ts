import { loadStreamTopics } from '../../lib/app/loaded-inputs.ts'
import type { Counts } from '../../lib/operations/audited-operation.ts'
import { hasChanges, type PlanChange, planChange } from '../../lib/operations/views/plan-change.ts'
import { readPlan } from '../../lib/operations/views/statements.ts'
import { command, environment, flag, JSON_OPTION, optionalArgument, SOME_TEXT } from '../command.ts'
import { confirm } from '../operation/confirm.ts'
import { resolveConfig } from '../servers/settings.ts'
import { statementFailure, withViews } from '../servers/views.ts'
import { printReport, resolvePath } from '../terminal.ts'
import { applyChange } from './apply-change.ts'
import { formatChange } from './text.ts'

export default command({
  about: `Put the statements of a folder into force: tables that are new or have changed are built, and tables without a statement are
dropped.

A table is built beside the one that is read: the records that the log still has are added to it, and it replaces the old one
when the function \`views\` has applied them. If the command is interrupted, run it again: it continues where it ended.`,
  more: `
Examples:
  sluice views apply --dry-run
  sluice views apply config/views --env staging --yes`,
  args: {
    dir: optionalArgument('folder with *.sql files (default: VIEWS_DIR, else "config/views")', SOME_TEXT),
  },
  options: {
    dryRun: flag('show the changes without making them'),
    yes: flag('do not ask before tables are replaced or dropped'),
    json: JSON_OPTION,
    env: environment('of the tables'),
  },
  async run({ dir, dryRun, yes, json, env }, terminal) {
    const config = resolveConfig(terminal, env)
    const folder = dir ?? config.viewsDir
    const topics = await loadStreamTopics(config)
    const path = resolvePath(terminal, folder)
    const wanted = await readPlan(config.families, path, folder, topics).catch(error => {
      throw statementFailure(error)
    })
    await withViews(config, async servers => {
      const change = planChange(servers.plan, wanted)
      terminal.stderr.write(formatChange(change, folder))
      const { build, replaced, dropped } = change
      if (dryRun) return printReport(terminal, buildReport(change, {}), json, () => '')
      if (replaced.length + dropped.length > 0)
        await confirm('Replace and drop these tables? Their rows are lost.', yes, terminal)
      const filter = { built: joinNames(build), dropped: joinNames(dropped) }
      const counts = await applyChange(servers, { action: 'views apply', filter }, wanted, terminal)
      const message = hasChanges(change) ? 'Done.\n' : 'All tables are in force.\n'
      if (counts) printReport(terminal, buildReport(change, counts), json, () => message)
    })
  },
})

function buildReport({ build, replaced, dropped, unchanged }: PlanChange, counts: Counts) {
  return {
    built: build.map(({ name }) => name),
    replaced,
    dropped: dropped.map(({ name }) => name),
    unchanged: unchanged.map(({ name }) => name),
    ...counts,
  }
}

function joinNames(tables: PlanChange['build']): string {
  return tables.map(({ name }) => name).join(', ')
}
