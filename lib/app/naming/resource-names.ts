/** Defines the names of AWS resources that are used in several places. Pure. */

/** Returns the name of the SNS topic for alerts. The encryption key of the topic has an alias with this name. */
export function alertsTopicName(env: string): string {
  return `sluice-alerts-${env}`
}

/** Returns the name of a function in AWS. It contains the stage and the function's name in serverless.yml. */
export function lambdaName(stage: string, name: string): string {
  return `sluice-${stage}-${name}`
}

/**
 * Returns whether an ARN belongs to an MSK Serverless cluster. The id of such a cluster ends with `-s` and a number; the id of a
 * provisioned cluster ends with `-` and a number.
 */
export function isServerlessCluster(clusterArn: string): boolean {
  return /-s\d+$/.test(clusterArn)
}

/** Returns the name of the secret with user name and password for Redis. */
export function redisSecret(env: string): string {
  return `sluice/${env}/redis`
}

/** Returns the names of the buckets in a local AWS emulator. In an account, settings contain the names. */
export function localBuckets(env: string): { readonly history: string } {
  return { history: `sluice-history-${env}` }
}

/** Returns the name of the Glue database with the tables and views of history. SQL allows no dashes in unquoted names. */
export function historyDatabase(env: string): string {
  return `sluice_history_${env.replaceAll('-', '_')}`
}
