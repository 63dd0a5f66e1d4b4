/** Commands that carry out an operation: their options, their protocol and `--json` follow from it. */
import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { ALL_OPERATIONS } from '../lib/operations/all.ts'
import { openBulkPublisher } from '../lib/operations/bulk-publisher.ts'
import { carryOutPlan, toAgreement } from '../lib/operations/carry-out.ts'
import {
  type ChangedEnvironment,
  type Operation,
  PartlyDone,
  type Project,
  type Undo,
} from '../lib/operations/operation.ts'
import type { Fields, Filter } from '../lib/questions/field.ts'
import { quoteWord } from '../lib/support/escape-text.ts'
import {
  type CommandValue,
  command,
  environment,
  flag,
  JSON_OPTION,
  type Parameters,
  toFlag,
} from './command.ts'
import { CliFailure, StoppedByUser } from './failure.ts'
import { confirm, requireTerminal } from './operation/confirm.ts'
import { resolveOperator } from './operation/operator.ts'
import { showLineLater } from './output/progress.ts'
import { escapeText } from './output/text-width.ts'
import { isArgument, toParameters } from './questions.ts'
import { createProject } from './recomputation/project.ts'
import { withEnvironment } from './servers/environment.ts'
import { resolveConfig } from './servers/settings.ts'
import type { Terminal } from './terminal.ts'

/** Options of all operations. */
interface Protocol {
  readonly yes: boolean
  readonly dryRun: boolean
  readonly json: boolean
}

/** Returns the command that carries out an operation. @param words words of the command */
export function toCommand<Of extends Fields, Plan, Result>(
  words: string,
  operation: Operation<Of, Plan, Result>,
): CommandValue {
  const { about, more, fields, rules = {}, asks, unasked, mayBeFirst } = operation
  return command<Parameters, Parameters>({
    about,
    more,
    ...rules,
    args: toParameters(fields, isArgument),
    options: {
      ...toParameters(fields, field => !isArgument(field)),
      dryRun: flag('show what would happen, without changing anything'),
      ...(asks && { yes: flag('do not ask for confirmation') }),
      json: JSON_OPTION,
      env: environment('to change'),
    },
    async run({ yes = false, dryRun, json, env, ...request }, terminal) {
      const protocol = { yes, dryRun, json } as Protocol
      const isAsked = asks !== null && !yes && !dryRun && !(unasked && request[unasked])
      if (isAsked) requireTerminal(terminal)
      const config = resolveConfig(terminal, env as string | undefined)
      const project = createProject(terminal, config.env)
      const use = (environment: ChangedEnvironment) =>
        runOperation(
          { words, operation, environment, project, terminal, protocol, isAsked },
          request as Filter<Of>,
        )
      await withEnvironment(config, use, !mayBeFirst)
    },
  })
}

/** Terminal in which a command speaks, and its options. */
interface Speaker {
  readonly terminal: Terminal
  readonly protocol: Protocol
}

/** Operation that a command runs, and what it runs in. */
interface Run<Of extends Fields, Plan, Result> extends Speaker {
  readonly words: string
  readonly operation: Operation<Of, Plan, Result>
  readonly environment: ChangedEnvironment
  readonly project: Project
  /** True if the person must answer the question. */
  readonly isAsked: boolean
}

const NOTHING_CHANGED = 'Stopped before anything was changed.'

/** Shows the plan, asks, carries it out, and shows the result. @throws Failure if something was not done that was wanted */
async function runOperation<Of extends Fields, Plan, Result>(
  run: Run<Of, Plan, Result>,
  request: Filter<Of>,
): Promise<void> {
  const { operation, environment, project, terminal, protocol, isAsked } = run
  const { asks, isEmpty, describe, describeRest } = operation
  const { stop } = terminal
  const { showProgress, hide } = createDisplay(terminal)
  const limits = { project, stop, nowMs: Date.now(), ...(protocol.dryRun && { trial: { showProgress } }) }
  const makePlan = async (isCounted: boolean) => {
    const planned = operation.plan(environment, request, { ...limits, isCounted }).finally(hide)
    const plan = await planned.catch(error => {
      throw stop.aborted && error === stop.reason ? new StoppedByUser(NOTHING_CHANGED) : error
    })
    if (stop.aborted) throw new StoppedByUser(NOTHING_CHANGED)
    return plan
  }
  let plan: Plan
  let isOver: boolean
  for (;;) {
    plan = await makePlan(true)
    if (asks || protocol.dryRun) say(run, describe(plan))
    isOver = protocol.dryRun || isEmpty?.(plan) === true
    if (isOver || !asks || !isAsked) break
    await confirm(asks(plan), terminal)
    // Others can change things while the person answers.
    const agreed = toAgreement(operation, plan)
    plan = await makePlan(false)
    if (isDeepStrictEqual(toAgreement(operation, plan), agreed)) break
    say(run, ['The plan has changed meanwhile:'])
  }
  if (isOver) print(run, plan, null)
  const result = isOver ? null : await performPlan(run, plan)
  const rest = describeRest?.(plan, result)
  // A stopped operation has already said what is left, and its exit status is set elsewhere.
  const isStopped = stop.aborted && operation.afterStop !== undefined
  if (rest !== undefined && !isStopped) throw new CliFailure(rest)
}

/** Returns a display of one line about the progress. */
function createDisplay(terminal: Terminal) {
  let end = () => {}
  const hide = () => end()
  const showProgress = (line: () => string) => {
    end()
    end = showLineLater(terminal, line)
  }
  return { showProgress, hide }
}

/** Carries out a plan and shows its result, also that of a part. @throws the error that ended it */
async function performPlan<Of extends Fields, Plan, Result>(
  run: Run<Of, Plan, Result>,
  plan: Plan,
): Promise<Result> {
  const { words, operation, environment, project, terminal } = run
  const { stop, stderr } = terminal
  const by = await resolveOperator(environment.config)
  const { showProgress, hide } = createDisplay(terminal)
  const openPublisher = () => openBulkPublisher(environment.connections)
  const running = { project, by, id: randomUUID(), stop, showProgress, openPublisher }
  if (operation.afterStop) stderr.write(`Operation ${running.id}, begun at ${new Date().toISOString()}\n`)
  try {
    const result = await carryOutPlan(words, operation, environment, plan, running).finally(hide)
    await showResult(run, plan, result, stop.aborted)
    return result
  } catch (error) {
    if (!(error instanceof PartlyDone)) throw error
    await showResult(run, plan, error.result, error.isStopped)
    throw error.cause
  }
}

async function showResult<Of extends Fields, Plan, Result>(
  run: Run<Of, Plan, Result>,
  plan: Plan,
  result: Result,
  isStopped: boolean,
): Promise<void> {
  const { describeResult, undo, afterStop } = run.operation
  print(run, plan, result)
  say(run, describeResult(result, plan))
  const undone = undo?.(result, plan)
  if (undone) say(run, [`Undo: ${await formatUndo(undone, run.environment.config.env)}`])
  if (isStopped && afterStop) run.terminal.stderr.write(`Stopped. ${afterStop(plan)}\n`)
}

/** Returns the command that takes an operation back. */
async function formatUndo({ action, request }: Undo, env: string): Promise<string> {
  const { fields = {} } = (await ALL_OPERATIONS[action]?.load()) ?? {}
  const words = Object.entries(request).flatMap(([name, texts]) => {
    const field = fields[name]
    if (field?.form.type === 'flag') return [toFlag(name)]
    return [texts]
      .flat()
      .flatMap(text => [...(field && isArgument(field) ? [] : [toFlag(name)]), quoteWord(text)])
  })
  return ['sluice', action, ...words, '--env', quoteWord(env)].join(' ')
}

function print<Of extends Fields, Plan, Result>(
  { operation, protocol, terminal }: Run<Of, Plan, Result>,
  plan: Plan,
  result: Result | null,
): void {
  const document = { plan: operation.toDocument?.(plan) ?? plan, result }
  if (protocol.json) terminal.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
}

/** Writes lines for people. With `--json`, standard output has only the document. */
function say({ protocol, terminal }: Speaker, lines: readonly string[]): void {
  const { stdout, stderr } = terminal
  for (const line of lines) (protocol.json ? stderr : stdout).write(`${escapeText(line)}\n`)
}
