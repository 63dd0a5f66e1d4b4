/** The names of an environment's resources in AWS that are used in several places. Pure. */

/** The SNS topic for alerts. The key that encrypts it has this alias. */
export function alertsTopicName(env: string): string {
  return `sluice-alerts-${env}`
}

/** The name of a function in AWS, by its stage and its name in serverless.yml. */
export function lambdaName(stage: string, name: string): string {
  return `sluice-${stage}-${name}`
}

/** The id of an MSK Serverless cluster ends in `-s1`, `-s2` …, that of others in a number alone. */
export function isServerlessCluster(clusterArn: string): boolean {
  return /-s\d+$/.test(clusterArn)
}

/** The name that a Lambda function has in serverless.yml. A function of another project keeps its own. */
export function functionOf(name: string, env: string): string {
  // Local environments share one stage.
  const prefix = [env, 'local'].map(stage => lambdaName(stage, '')).find(one => name.startsWith(one))
  return name.slice(prefix?.length ?? 0)
}

/** The secret with the user and the password of Redis that the functions have; the console has a user of its own, who changes no state. */
export function redisSecret(env: string, user?: 'console'): string {
  return user ? `sluice/${env}/redis-${user}` : `sluice/${env}/redis`
}

/** The secret with the tokens of those who may use the console. */
export function consoleSecret(env: string): string {
  return `sluice/${env}/console`
}
