/** Operations that change the tables in force: they apply the statements of a folder, or drop tables by name. */
import { isDeepStrictEqual } from 'node:util'
import { loadStreamTopics } from '../../lib/app/inputs/loaded-inputs.ts'
import { openStoredPlan } from '../../lib/clock/view-plan.ts'
import { fileFailure, OperationFailure } from '../../lib/support/operation-failure.ts'
import { type ActivatedPlan, NO_TABLES, type TablePlan, type ViewPlan } from '../../lib/views/index.ts'
import { describeAside } from '../../lib/views/language/index.ts'
import { VIEWS } from '../queries/states/view-rows.ts'
import { listField, nameField, optionalNameField } from '../questions/field.ts'
import {
  hasChanges,
  joinNames,
  type PlanChange,
  planChange,
  removeTables,
} from '../statements/plan-change.ts'
import { compileFiles, findNotices, listAside, readStatements } from '../statements/statements.ts'
import {
  applyViews,
  createApplyingStore,
  createProgress,
  formatProgress,
  openViewPorts,
  type ViewPorts,
} from '../table-builds/apply-views.ts'
import { type ChangedEnvironment, finishByRepeating, operation, type Running } from './operation.ts'

/** Change of the tables in force. */
interface TablesPlan {
  /** Folder with the statements; absent if tables are dropped by name. */
  readonly folder?: string
  readonly inForce: ActivatedPlan
  readonly wanted: ViewPlan
  readonly change: PlanChange
  /** Lines about statements without an effect, or with one in part. */
  readonly notices?: readonly string[]
  /** Change that an interrupted run has left; absent if there is none. */
  readonly unfinished?: Unfinished | undefined
}

type Unfinished = Awaited<ReturnType<ViewPorts['applying']['read']>>['underway']

export const APPLY_VIEWS = operation({
  about: `Put the statements of a folder into force: tables that are new or have changed are built, and tables without a statement are
dropped.

A table is built beside the one that is read: the records that the log still has are added to it, and it replaces the old one
when the function \`views\` has applied them. If the command is interrupted, run it again: it continues where it ended.`,
  more: `
Examples:
  sluice views apply --dry-run
  sluice views apply config/views --env staging --yes`,
  fields: {
    dir: optionalNameField(
      'folder with *.sql files (default: VIEWS_DIR, else "config/views", and statements that were sent)',
    ),
  },
  asks: ({ change: { replaced, dropped } }: TablesPlan) =>
    replaced.length + dropped.length > 0
      ? 'Replace and drop these tables? Their rows are lost.'
      : 'Put the statements into force?',
  async plan(environment, { dir }, { project }): Promise<TablesPlan> {
    const { connections, config, nowMs } = environment
    const folder = dir ?? config.viewsDir
    const topics = await loadStreamTopics(config)
    const path = project.resolvePath(folder)
    const sent = dir === undefined ? config.sentViewsDir : undefined
    const inForce = await environment.sqlTables()
    const read = async () => {
      const files = await readStatements(path, folder, sent)
      return { files, wanted: compileFiles(config.families, files, folder, topics, inForce.tables) }
    }
    const { files, wanted } = await read().catch(error => {
      throw fileFailure(folder, error)
    })
    const { underway } = await createApplyingStore(await connections.redis(), config.env, nowMs).read()
    const change = planChange(inForce, wanted)
    const notices = [...findNotices(files, change), ...describeAside(listAside(files))]
    return { folder, inForce, wanted, notices, change, unfinished: underway }
  },
  isEmpty: ({ change, unfinished }) => !unfinished && !hasChanges(change),
  describe: describeChange,
  toDocument,
  toAudit: ({ change: { build, dropped } }) => ({ built: joinNames(build), dropped: joinNames(dropped) }),
  carryOut: changeTables,
  describeResult,
  afterStop: finishByRepeating,
})

export const DROP_VIEWS = operation({
  about: `Drop tables, with all their rows. Those who follow a table are disconnected.

Remove the statement from config/views before. Otherwise \`npm start\` or the next \`sluice views apply\` builds the table
again from the records that the log still has.`,
  more: `
Examples:
  sluice views drop device_activity_counts
  sluice views drop device_activity_counts device_sensor_stats --yes`,
  fields: { table: listField(nameField('names of tables')) },
  asks: ({ change }: TablesPlan) => `Drop ${joinNames(change.dropped)}?`,
  async plan(environment, { table: names }): Promise<TablesPlan> {
    const inForce = await environment.sqlTables()
    const wanted = removeTables(inForce, names)
    return { inForce, wanted, change: { ...planChange(inForce, wanted), unchanged: [], withoutPast: [] } }
  },
  describe: describeChange,
  toDocument,
  toAudit: ({ change }) => ({ tables: joinNames(change.dropped) }),
  carryOut: changeTables,
  describeResult,
  afterStop: finishByRepeating,
})

/** Returns a line for each table that changes. Pure. */
export function describeChange({
  folder,
  change,
  notices = [],
  unfinished,
}: Pick<TablesPlan, 'folder' | 'change' | 'notices' | 'unfinished'>): string[] {
  const { build, replaced, dropped, unchanged, withoutPast, changesStreams } = change
  const why = folder === undefined ? '' : `, because ${folder} has no statement for it`
  const lines = [
    ...(unfinished ? [`  finish the change that ${unfinished.by} began at ${unfinished.begunAt}`] : []),
    ...build.map(({ name, generation }) =>
      replaced.includes(name)
        ? `  ~ ${name}: build generation ${generation} from the log, then switch`
        : `  + ${name}: build generation ${generation} from the log`,
    ),
    ...dropped.map(({ name }) => `  - ${name}: drop${why}`),
    ...(changesStreams ? ['  ~ streams'] : []),
  ]
  return [
    ...(lines.length > 0 ? lines : ['All tables are in force.']),
    ...notices.map(notice => `  ! ${notice}`),
    ...(unchanged.length > 0 ? [`    unchanged: ${joinNames(unchanged)}`] : []),
    ...(withoutPast.length > 0
      ? [
          `    without the past, because the function clock has put them into force: ${withoutPast.join(', ')} (to add it, drop them first)`,
        ]
      : []),
  ]
}

function toDocument({ change: { build, dropped, unchanged, ...others } }: TablesPlan) {
  const listNames = (tables: readonly TablePlan[]) => tables.map(({ name }) => name)
  return { built: listNames(build), dropped: listNames(dropped), unchanged: listNames(unchanged), ...others }
}

/** Changes the tables. A stopped change is continued by the next run. */
async function changeTables(
  environment: ChangedEnvironment,
  { inForce, wanted }: TablesPlan,
  { by, project, counts, stop, showProgress }: Running,
) {
  const { connections, config } = environment
  const progress = createProgress()
  showProgress(() => formatProgress(progress))
  try {
    const consumer = await project.loadConsumer(VIEWS.process.name)
    const stored = await openStoredPlan(connections, config.env)
    // Redis may have lost the plan that the log has.
    const now = inForce === NO_TABLES ? await stored.read() : await stored.update(now => now ?? inForce)
    if (now !== undefined && !isDeepStrictEqual(now, inForce))
      throw new OperationFailure(
        'Nothing was changed: the tables have changed since they were planned. Plan again.',
      )
    const ports = await openViewPorts(environment, consumer)
    await applyViews(ports, wanted, by, { progress, stop }, counts)
    return { isComplete: true, ...counts }
  } catch (error) {
    if (!stop.aborted) throw error
    return { isComplete: false, ...counts }
  }
}

function describeResult({ isComplete }: { readonly isComplete: boolean }): readonly string[] {
  return isComplete ? ['Done.'] : []
}
