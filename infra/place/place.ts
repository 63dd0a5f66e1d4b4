/**
 * A place where the functions run: an account, or this machine. `account.ts` and `this-machine.ts` create it from settings,
 * `deployment.cjs` passes it to serverless.yml as `custom.deployment`, and the plugins read it from there. Pure.
 */
import {
  array,
  boolean,
  custom,
  type GenericSchema,
  type InferInput,
  type InferOutput,
  number,
  object,
  optional,
  parse,
  picklist,
  record,
  string,
  union,
} from 'valibot'
import { AUTHENTICATIONS } from '#runtime/operating/servers'
import type { Named } from '../../lib/app/naming/names.ts'
import { FOLDERS, USUAL_FOLDERS } from './config-folders.ts'

/** Array that is not changed. */
function list<Item>(item: GenericSchema<Item>) {
  return array(item) as GenericSchema<readonly Item[]>
}

const PLACE = object({
  /** Name of the environment. Topic names end with it. */
  env: string(),
  clusterArn: string(),
  /** Brokers for the msk trigger in local runs. */
  brokers: optional(string(), ''),
  /** Folders that contain the configuration files. */
  folders: optional(FOLDERS, USUAL_FOLDERS),
  /** Names of the topics of other applications that the environment reads. */
  inputs: optional(list(string()), []),
  /** ARN of the SNS topic for alerts, or a CloudFormation expression for it. */
  alertsTopicArn: union([string(), custom<object>(value => typeof value === 'object' && value !== null)]),
  /**
   * Enabled schedules. `generator` publishes simulated readings. `clock` appends ticks and alert rules to topics; without ticks, the
   * log time advances only when records arrive.
   */
  schedules: optional(object({ generator: boolean(), clock: boolean() }), { generator: false, clock: true }),
  /** Mode in which Lambda polls Kafka for the consumers. */
  pollers: optional(picklist(['provisioned', 'on-demand']), 'provisioned'),
  /** Retention of the functions' logs, in days. */
  logRetentionDays: optional(number(), 30),
  /** True if Lambda sends traces to X-Ray. */
  tracing: optional(boolean(), false),
  /** Bucket for history, and its KMS key; absent if history is disabled, or if S3 encrypts with its own key. */
  historyBucket: optional(string()),
  historyKey: optional(string()),
  /** Secret with the credentials of the schema registry; absent if the registry needs no credentials. */
  registrySecret: optional(string()),
  /** Secret with the password of the storage's database; absent if it needs none. */
  storageSecret: optional(string()),
  /** True if there is a database for `storage`. */
  hasStorage: optional(boolean(), false),
  /** True on a person's machine, where inputs can be added while the functions run. */
  isOnThisMachine: optional(boolean(), false),
  /**
   * Authentication of the functions to Kafka, with the names or ARNs of the secrets with the credentials and with the CA
   * certificate; absent if Kafka does not require authentication.
   */
  kafkaSecrets: optional(
    object({ auth: picklist(AUTHENTICATIONS), secret: optional(string()), caSecret: optional(string()) }),
  ),
  /**
   * Settings of the alarms; absent on this machine. Without a topic, alarms change their state without a notification. `cache` is a
   * serverless cache with its size; absent for a cluster of nodes.
   */
  alarms: optional(
    object({
      enabled: boolean(),
      topicArn: optional(string()),
      cache: optional(object({ name: string(), bytes: number() })),
      /** Thresholds of alarms that a setting switches on, by its name. */
      limits: optional(record(string(), optional(number())), {}),
    }),
  ),
  /** Network of the functions; absent for functions outside a VPC. */
  vpc: optional(object({ subnetIds: list(string()), securityGroupIds: list(string()) })),
  /** Environment variables of each function. */
  environment: optional(record(string(), string()), {}),
  /**
   * Errors in the settings, one sentence each; empty if the settings can be deployed. Placeholders replace the values that are
   * missing or invalid.
   */
  problems: optional(list(string()), []),
})

export type Place = Readonly<InferOutput<typeof PLACE>>

/** A place with the names of its topics and consumer groups. The plugins read them from the settings. */
export type NamedPlace = Place & Named

/** `custom.deployment` of serverless.yml. A test's service may contain only the required values. */
export type PlaceInput = Readonly<InferInput<typeof PLACE>>

/** Returns the place with all defaults. @throws Error of the schema for a value of another type */
export function readPlace(deployment: PlaceInput): Place {
  return parse(PLACE, deployment)
}
