/** Sets names of another organization, for this process and the processes that it starts. A test must import this module first. */
Object.assign(process.env, {
  ORG: 'gds',
  DOMAIN: 'none',
  KAFKA_TOPIC: 'gds.metrics.{env}',
  TOPIC_NAMES: 'dlq=gds.metrics.dlq,analytics=analytics_events',
  GROUP_NAME: '{org}-{consumer}',
})
