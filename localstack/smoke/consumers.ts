import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { LocalCloudError } from '../failure.ts'
import type { FunctionDefinition } from '../msk-trigger/framework.ts'
import { readMappings } from '../msk-trigger/mappings.ts'
import { readSettings } from '../msk-trigger/settings.ts'
import { PROJECT } from '../paths.ts'
import type { ReadTopic } from '../start/consumer-lag.ts'
import { startupErrorIn } from '../start/startup-error.ts'

const run = promisify(execFile)
const MOST_BYTES = 16 * 1024 * 1024

/** As the framework prints it, with every variable filled in. */
interface Service {
  readonly service: string
  readonly provider: { readonly stage: string; readonly region: string; readonly timeout?: number }
  readonly custom?: { readonly mskTrigger?: unknown }
  readonly functions: Readonly<Record<string, FunctionDefinition>>
  readonly resources?: { readonly Resources?: Readonly<Record<string, unknown>> }
}

/**
 * The functions of serverless.yml that read a topic, and as which groups.
 *
 * @throws LocalCloudError with the framework's message where serverless.yml cannot be read
 */
export async function consumersOf(
  topic: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ReadTopic[]> {
  const { service, provider, custom, functions, resources } = await readService(environment)
  const { stage, region, timeout } = provider
  const facts = {
    service,
    stage,
    region,
    ...(timeout !== undefined && { timeout }),
    ...(resources?.Resources && { resources: resources.Resources }),
  }
  return readMappings(functions, facts, readSettings(custom?.mskTrigger, environment))
    .filter(mapping => mapping.topic === topic)
    .map(({ functionKey, groupId, windowMs }) => ({ function: functionKey, topic, group: groupId, windowMs }))
}

async function readService(environment: Readonly<Record<string, string | undefined>>): Promise<Service> {
  const framework = join(PROJECT, 'node_modules', 'serverless', 'bin', 'serverless.js')
  try {
    const { stdout } = await run(process.execPath, [framework, 'print', '--format', 'json'], {
      cwd: PROJECT,
      env: { ...environment, SLS_NOTIFICATIONS_MODE: 'off' },
      maxBuffer: MOST_BYTES,
    })
    return JSON.parse(stdout)
  } catch (error) {
    const { stderr = '', stdout = '', message } = error as Error & { stderr?: string; stdout?: string }
    throw new LocalCloudError(
      `serverless.yml cannot be read. ${startupErrorIn(`${stdout}\n${stderr}`) ?? message}`,
    )
  }
}
