/** Creates the SSM parameter and the secret that the functions of an environment read, unless they exist. */
import {
  CreateSecretCommand,
  ResourceExistsException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { ParameterAlreadyExists, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import type { AwsPlace } from '#runtime/functions/connections'
import { redisSecret as redisSecretName } from '../app/naming/resource-names.ts'

/** Initial values of the parameter and the secret. They are written only once, so later changes by an operator are kept. */
export interface InitialSettings {
  readonly generator: unknown
  readonly redis: { readonly username: string; readonly password: string }
}

export interface SettingsOutcome {
  readonly generatorParameter: string
  readonly redisSecret: string
  /** Names of the created resources. */
  readonly created: readonly string[]
}

/** Creates the parameter and the secret if they are missing. An existing parameter or secret is not changed. */
export async function ensureSettings(
  access: AwsPlace,
  env: string,
  settings: InitialSettings,
): Promise<SettingsOutcome> {
  const generatorParameter = `/sluice/${env}/generator`
  const redisSecret = redisSecretName(env)
  const created = await Promise.all([
    ensureParameter(access, generatorParameter, JSON.stringify(settings.generator)),
    ensureSecret(access, redisSecret, JSON.stringify(settings.redis)),
  ])
  return { generatorParameter, redisSecret, created: created.flat() }
}

async function ensureParameter(access: AwsPlace, name: string, value: string): Promise<string[]> {
  const put = new PutParameterCommand({ Name: name, Value: value, Type: 'String', Overwrite: false })
  return new SSMClient(access).send(put).then(() => [name], unless(ParameterAlreadyExists))
}

async function ensureSecret(access: AwsPlace, name: string, value: string): Promise<string[]> {
  const create = new CreateSecretCommand({ Name: name, SecretString: value })
  return new SecretsManagerClient(access).send(create).then(() => [name], unless(ResourceExistsException))
}

/** Returns an error handler that returns an empty list if the resource already exists, and rethrows all other errors. */
function unless(expected: new (...args: never[]) => Error) {
  return (error: unknown): string[] => {
    if (error instanceof expected) return []
    throw error
  }
}
