import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { InvalidRules, readRules } from '../../lib/alerting/rule-files.ts'
import { consumersOf, readFunctions, topicsRead } from '../../lib/app/functions.ts'
import { signals } from '../../lib/app/topics.ts'
import { FRAMEWORK } from '../../programs/function-logs.ts'
import { PROJECT } from '../../programs/paths.ts'
import { runningStacks } from '../../programs/stack.ts'
import type { KnownValues } from './candidates.ts'

const RULES = join(PROJECT, 'config/rules')

/**
 * Returns the names of the project's alert rules. If the rules have errors, the result is empty, because a completion cannot report
 * errors.
 */
function ruleNames(): readonly string[] {
  const files = globSync('*.{yaml,yml}', { cwd: RULES })
  try {
    const rules = readRules(files.map(where => ({ where, text: readFileSync(join(RULES, where), 'utf8') })))
    return [...new Set(rules.map(({ name }) => name))].sort()
  } catch (error) {
    if (error instanceof InvalidRules) return []
    throw error
  }
}

const FILES: ReadonlySet<string> = new Set([
  'file',
  'output',
  'out',
  'resume',
  'caFile',
  'to',
  'labels',
  'rules',
  'patch',
])

/**
 * Returns the values that can be suggested without querying a server: the running stacks of this machine, and names that the
 * project declares.
 */
export function knownValues(stacksDir: string | undefined): KnownValues {
  const sources: Readonly<Record<string, () => readonly string[]>> = {
    stack: () => runningStacks(stacksDir).map(({ name }) => name),
    consumer: () => consumersOf(readFunctions()),
    function: () => [...readFunctions().map(({ name }) => name), FRAMEWORK],
    topic: () => signals(),
    'consumer-group': () =>
      readFunctions().flatMap(declared => topicsRead(declared, 'local').map(({ group }) => group)),
    rule: ruleNames,
    from: () => ['start', 'end', '10m', '1h'],
    since: () => ['10m', '1h', '1d'],
    until: () => ['10m', '1h', '1d'],
    speed: () => ['max'],
    shift: () => ['now'],
    loop: () => ['forever'],
  }
  return {
    of: name => (Object.hasOwn(sources, name) ? sources[name]?.() : undefined),
    isFile: name => FILES.has(name),
  }
}
