// The framework does not load plugins from outside a service's folder.
export { default } from '../../../packages/msk-trigger/index.ts'
