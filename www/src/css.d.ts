/** Style sheets are imported for esbuild, which puts them into main.css. */
declare module "*.css";
