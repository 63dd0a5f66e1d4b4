/** Names of an environment's AWS resources that are used in several places. Pure. */

/** Returns the name of the SNS topic for alerts. The key that encrypts the topic has the same alias. */
export function alertsTopicName(env: string): string {
  return `sluice-alerts-${env}`
}

/** Returns the name of a function in AWS, for its stage and its name in serverless.yml. */
export function lambdaName(stage: string, name: string): string {
  return `sluice-${stage}-${name}`
}

/**
 * Returns whether the ARN is that of an MSK Serverless cluster. Its id ends in `-s` and a number, that of
 * other clusters only in a number.
 */
export function isServerlessCluster(clusterArn: string): boolean {
  return /-s\d+$/.test(clusterArn)
}

/** Returns the name that a Lambda function has in serverless.yml. The name of another project's function is returned unchanged. */
export function functionOf(name: string, env: string): string {
  // All local environments share one stage.
  const prefix = [env, 'local'].map(stage => lambdaName(stage, '')).find(one => name.startsWith(one))
  return name.slice(prefix?.length ?? 0)
}

/**
 * Returns the name of the secret with user name and password for Redis. The console has a separate user, who
 * has no permission to change states.
 */
export function redisSecret(env: string, user?: 'console'): string {
  return user ? `sluice/${env}/redis-${user}` : `sluice/${env}/redis`
}

/** Returns the name of the secret with the access tokens of the console. */
export function consoleSecret(env: string): string {
  return `sluice/${env}/console`
}
