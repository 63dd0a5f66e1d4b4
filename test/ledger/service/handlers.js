// serverless-offline finds handlers only in JavaScript modules.
export {
  counting,
  failing,
  intake,
  receiving,
  redriver,
  router,
} from './consumers.ts'
