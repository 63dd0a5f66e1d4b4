/**
 * Resources that functions may use besides topics. Each row has a word for the key `uses` of a function entry, and the variables,
 * files and permissions that it grants. Pure.
 */

import { type DeclaredFunction, isConsumer, listConsumers } from '../../control/environment/functions.ts'
import { alertsTopicName, redisSecret } from '../../lib/app/naming/resource-names.ts'
import { arnHere, arnInCluster } from '../place/arns.ts'
import type { FolderName } from '../place/config-folders.ts'
import type { NamedPlace, Place } from '../place/place.ts'
import { buildAppendingStatements } from '../statements/history.ts'
import { allowSecrets } from '../statements/secrets.ts'
import { allow, byService, type Statement } from '../statements/statement.ts'
import { buildTopicsStatements } from '../statements/topics.ts'

interface Use {
  readonly text: string
  /** Description of the events that start a function with this use, for the documentation. */
  readonly startedBy?: string
  /** Folders of configuration files that are packaged with the function. Environment variables contain their paths. */
  readonly folder?: FolderName | readonly FolderName[]
  readonly variables?: (place: Place, all: readonly DeclaredFunction[]) => Variables
  readonly statements?: (declared: DeclaredFunction, place: RolesPlace) => readonly Statement[]
  /** Place without which a function with this use is not deployed. */
  readonly needs?: 'history' | 'storage'
  /** True if all consumers get `statements`, even if their entries do not list the word. */
  readonly isOfConsumers?: true
}

/** Environment variables. Values are strings or CloudFormation expressions. */
export type Variables = Readonly<Record<string, string | object>>

/** A place with all functions that are deployed to it. */
export type RolesPlace = NamedPlace & { readonly all: readonly DeclaredFunction[] }

export const USES: Readonly<Record<string, Use>> = {
  parameter: {
    text: 'settings from the parameter /sluice/{env}/{function}',
    statements: ({ name }, { env }) => [
      allow(['ssm:GetParameter'], [arnHere('ssm', `parameter/sluice/${env}/${name}`)]),
    ],
  },
  redis: {
    text: 'state in Redis: permission to read the secret with user and password',
    statements: (_, { env }) => [allowSecrets(redisSecret(env))],
  },
  registry: {
    text: 'schemas of a registry: permission to read the secret with its credentials. Consumers have it without this word',
    isOfConsumers: true,
    statements: (_, { registrySecret }) => (registrySecret ? [allowSecrets(registrySecret)] : []),
  },
  storage: {
    text: 'the database STORAGE_URL: permission to read STORAGE_SECRET. Deployed only with STORAGE_URL',
    needs: 'storage',
    statements: (_, { storageSecret }) => (storageSecret ? [allowSecrets(storageSecret)] : []),
  },
  'history-appending': {
    text: 'history: permission to write objects to HISTORY_BUCKET',
    needs: 'history',
    statements: (_, place) => buildAppendingStatements(place),
  },
  rules: { text: 'alert rules: the files in the package, and RULES_DIR', folder: 'rules' },
  inputs: {
    text: 'the list of inputs and the mappings: the files in the package, INPUTS_FILE and MAPPINGS_DIR',
    folder: ['inputs', 'mappings'],
  },
  views: { text: 'the plan of the tables: the file in the package, and VIEWS_DIR', folder: 'views' },
  notifications: {
    text: 'notification routes and receivers: the files in the package, and NOTIFICATIONS_DIR',
    folder: 'notifications',
  },
  'emitted-topics': {
    text: 'the topics in `emits`: permission to read them too',
    statements: ({ emits }, { clusterArn, env, names }) => [
      allow(
        ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'],
        emits.map(signal => arnInCluster(clusterArn, 'topic', names.topicName(signal, env))),
      ),
    ],
  },
  'alerts-topic': {
    text: 'the SNS topic sluice-alerts-{env}: permission to publish, and ALERTS_TOPIC_ARN',
    variables: ({ alertsTopicArn }) => ({ ALERTS_TOPIC_ARN: alertsTopicArn }),
    statements: (_, { env }) => buildAlertsTopicStatements(alertsTopicName(env)),
  },
  'receiver-secrets': {
    text: 'secrets of those receivers: permission to read all under sluice/{env}/receivers/',
    // Includes all secrets of receivers, because their names are defined in configuration files and are not known here.
    statements: (_, { env }) => [allowSecrets(`sluice/${env}/receivers/*`)],
  },
  'failure-policy': {
    text: 'failure policy: the file in the package, FAILURES_DIR and FAILURE_CONSUMERS',
    folder: 'failures',
    variables: (_, all) => ({ FAILURE_CONSUMERS: listConsumers(all).join(',') }),
  },
  topics: {
    text: 'all topics of the environment: permission to create and configure them, and to create the secret for Redis and the parameter of the generator',
    startedBy: 'a deployment',
    statements: (_, place) => buildTopicsStatements(place.all, place),
  },
}

/** Returns the rows that a function uses. */
export function listUses({ uses }: Pick<DeclaredFunction, 'uses'>): readonly Use[] {
  return Object.entries(USES).flatMap(([word, use]) => (uses.includes(word) ? [use] : []))
}

/** Returns the permissions of a function for its uses, including those that every consumer has. */
export function buildUseStatements(declared: DeclaredFunction, place: RolesPlace): readonly Statement[] {
  return Object.entries(USES).flatMap(([word, { statements, isOfConsumers }]) => {
    const hasIt = declared.uses.includes(word) || (isOfConsumers && isConsumer(declared))
    return hasIt ? (statements?.(declared, place) ?? []) : []
  })
}

/**
 * Returns the permissions for the alerts topic. The alias of its encryption key is the name of the topic; see
 * `stack/alerts-topic.yaml`.
 */
function buildAlertsTopicStatements(topic: string): Statement[] {
  const key = {
    ...allow(['kms:GenerateDataKey', 'kms:Decrypt'], [arnHere('kms', 'key/*')]),
    Condition: {
      StringEquals: { 'kms:ViaService': byService('sns') },
      'ForAnyValue:StringEquals': { 'kms:ResourceAliases': `alias/${topic}` },
    },
  }
  return [allow(['sns:Publish'], [arnHere('sns', topic)]), key]
}
