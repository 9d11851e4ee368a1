import usher from './index.cjs';

export const { createSite, Site, SiteError, UsherError, info } = usher;
export default usher;
