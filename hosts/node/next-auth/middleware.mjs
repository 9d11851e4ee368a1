import withAuth from './middleware.cjs';

export { withAuth };
export default withAuth;
