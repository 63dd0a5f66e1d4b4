/** Prepares functions of serverless.yml to run as processes: their definitions and environment variables. Pure. */
import { expandedFields, type Surroundings } from '../infra/expand-functions.ts'
import { foldersHere } from '../infra/folders.ts'
import type { Schedules } from '../infra/schedules.ts'
import type { FunctionEntry } from '../lib/app/function-entries.ts'
import type { DeclaredFunction } from '../lib/app/functions.ts'
import { MAPPINGS, readSettings } from '../lib/app/settings/index.ts'
import type { Environment } from '../packages/runtime/settings/slice.ts'

/** A function in the format of the Serverless Framework, which the trigger's engine uses. */
export interface Definition {
  readonly name: string
  readonly handler: string
  readonly timeout: number
  readonly memorySize: number
  readonly events: readonly Readonly<Record<string, unknown>>[]
  environment: Record<string, string>
}

export interface RunPlace {
  readonly env: string
  /** Environment variables of all functions. */
  readonly environment: Environment
  /** Folder with the project's `rules`, `notifications`, `failures` and `mappings`, unless variables select others. */
  readonly files: string
  readonly schedules: Schedules
}

/** Placeholder for the ARN of the cluster. Each event contains an ARN, but no function reads it. */
const CLUSTER_ARN =
  'arn:aws:kafka:us-east-1:000000000000:cluster/sluice/00000000-0000-0000-0000-000000000000-1'

/** Returns the definitions of functions by name. @param all all functions of the project */
export function definitionsOf(
  functions: readonly DeclaredFunction[],
  all: readonly DeclaredFunction[],
  place: RunPlace,
  entryOf: (name: string) => FunctionEntry,
): Record<string, Definition> {
  const surroundings = surroundingsOf(place)
  return Object.fromEntries(
    functions.map(declared => {
      const { name } = declared
      const { handler, timeoutSeconds, memoryMb } = entryOf(name)
      const { events, environment = {} } = expandedFields(declared, all, surroundings)
      const definition: Definition = {
        name: `sluice-${place.env}-${name}`,
        handler,
        timeout: timeoutSeconds,
        memorySize: memoryMb,
        events: events as Definition['events'],
        environment: texts({ ...place.environment, ...environment, SLUICE_ENV: place.env }),
      }
      return [name, definition]
    }),
  )
}

function surroundingsOf({ env, environment, files, schedules }: RunPlace): Surroundings {
  return {
    env,
    clusterArn: CLUSTER_ARN,
    folders: foldersHere(environment, files),
    topicMappings: readSettings([MAPPINGS], environment).topicMappings,
    alertsTopicArn: environment.ALERTS_TOPIC_ARN ?? '',
    schedules,
    console: false,
    // Properties of this environment: the engine supports partial responses, schedules repeat missed runs, and X-Ray is not
    // available outside Lambda.
    pollers: 'provisioned',
    keepsMissedRuns: false,
    tracing: false,
    ...(environment.CHECKPOINT_BUCKET ? { checkpointBucket: environment.CHECKPOINT_BUCKET } : {}),
    ...(environment.HISTORY_BUCKET ? { historyBucket: environment.HISTORY_BUCKET } : {}),
  }
}

function texts(variables: Readonly<Record<string, unknown>>): Record<string, string> {
  const set = Object.entries(variables).filter(([, value]) => value !== undefined)
  return Object.fromEntries(set.map(([name, value]) => [name, String(value)]))
}
