import { consumersOf, readFunctions } from '../../lib/app/functions.ts'
import { groupName, SIGNALS } from '../../lib/app/topics.ts'
import { FRAMEWORK } from '../../programs/function-logs.ts'
import { runningStacks } from '../../programs/stack.ts'
import type { KnownValues } from './candidates.ts'
import { ruleNames } from './rule-names.ts'

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
 * Returns the values that are known without a server: running stacks of this machine, and names that the
 * project declares.
 */
export function knownValues(stacksDir: string | undefined): KnownValues {
  const sources: Readonly<Record<string, () => readonly string[]>> = {
    stack: () => runningStacks(stacksDir).map(({ name }) => name),
    consumer: () => consumersOf(readFunctions()),
    function: () => [...readFunctions().map(({ name }) => name), FRAMEWORK],
    topic: () => SIGNALS,
    'consumer-group': () => consumersOf(readFunctions()).map(name => groupName(name, 'local')),
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
