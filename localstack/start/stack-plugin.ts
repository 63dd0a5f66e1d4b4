import { type Stack, stackFile } from '../../scripts/running-stacks.ts'
import { namesAllServers, usedStack } from '../../scripts/stack-environment.ts'
import { SERVERS_READY } from './servers-plugin.ts'

/** Parts of the Serverless Framework that this plugin uses. */
interface Framework {
  readonly service: { readonly provider: { readonly stage: string } }
}

/**
 * Serverless Framework plugin that says which running stack `serverless offline` and `serverless invoke local` use. `infra/deployment.cjs`
 * takes the addresses from the same stack.
 */
export default class StackPlugin {
  readonly hooks: Readonly<Record<string, () => void>>

  constructor({ service }: Framework) {
    // `serverless invoke local` sets the variables of the function in this process.
    const environment = { ...process.env }
    const say = (describe: typeof describeOffline, ofOthers: readonly string[]) => () => {
      // A deployment never takes a stack's variables, and `npm start` names its servers itself.
      if (service.provider.stage !== 'local' || environment[SERVERS_READY]) return
      const lines = namesAllServers(environment) ? ofOthers : describe(usedStack(environment))
      for (const line of lines) console.error(line)
    }
    // In containers, another service creates the topics.
    const offline = say(describeOffline, environment.SLUICE_BUNDLES ? [] : [SERVERS_OF_OTHERS])
    this.hooks = {
      'before:offline:start': offline,
      'before:offline:start:init': offline,
      'before:invoke:local:invoke': say(describeInvocation, []),
    }
  }
}

const WITHOUT_STACK =
  'No stack of this project is running, so the functions use the default ports, and declared inputs are not read. ' +
  'Start the servers with `npm run services`, or name yours with KAFKA_BROKERS and REDIS_URL.'

const SERVERS_OF_OTHERS =
  'Variables name the servers. Where topics are missing, `npx sluice topics apply` creates those of Sluice, and ' +
  '`npx sluice topics create NAME` that of an input.'

/** Returns the lines for `serverless offline`. @param stack running stack; undefined if none is running */
export function describeOffline(stack: Stack | undefined): string[] {
  if (!stack) return [WITHOUT_STACK]
  const { name, command, pid, lambdaPort } = stack
  const used = `Using the servers of the stack "${name}" (${command}, ${stackFile(name)}).`
  if (lambdaPort !== null)
    return [
      used,
      `Its own functions are running already (process ${pid}): they share the consumer groups with those that start now, so each receives a part of the records.`,
    ]
  return [`${used} \`npm start\` also has the console and the database of readings.`]
}

/** Returns the lines for `serverless invoke local`. @param stack running stack; undefined if none is running */
export function describeInvocation(stack: Stack | undefined): string[] {
  return stack ? [`Using the servers of the stack "${stack.name}".`] : [WITHOUT_STACK]
}
