/** Where functions run that are processes: what their entries in serverless.yml become there. Pure. */
import { expandedFields, type Surroundings } from '../infra/expand-functions.ts'
import { foldersHere } from '../infra/folders.ts'
import type { Schedules } from '../infra/schedules.ts'
import type { FunctionEntry } from '../lib/app/function-entries.ts'
import type { DeclaredFunction } from '../lib/app/functions.ts'
import { MAPPINGS, readSettings } from '../lib/app/settings/index.ts'
import type { Environment } from '../packages/runtime/settings/slice.ts'

/** A function as the trigger's engine takes it: as the framework has it. */
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
  /** The variables that each function sees, beside its own. */
  readonly environment: Environment
  /** The folder with the project's `rules`, `notifications`, `failures` and `mappings`, unless variables name others. */
  readonly files: string
  readonly schedules: Schedules
}

/** The cluster's ARN is in every event, and nothing reads it there. */
const CLUSTER_ARN =
  'arn:aws:kafka:us-east-1:000000000000:cluster/sluice/00000000-0000-0000-0000-000000000000-1'

/** The definitions of these functions, by name. @param all every function of the project */
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
    // The engine reads partial responses, a run that was missed comes again with its schedule, and X-Ray is Lambda's.
    pollers: 'provisioned',
    keepsMissedRuns: false,
    tracing: false,
    ...(environment.CHECKPOINT_BUCKET ? { checkpointBucket: environment.CHECKPOINT_BUCKET } : {}),
  }
}

function texts(variables: Readonly<Record<string, unknown>>): Record<string, string> {
  const set = Object.entries(variables).filter(([, value]) => value !== undefined)
  return Object.fromEntries(set.map(([name, value]) => [name, String(value)]))
}
