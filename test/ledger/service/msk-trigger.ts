// The framework does not load plugins from outside a service's folder.
export { default } from '../../../localstack/msk-trigger/index.ts'
