// Streamlit sends this with every chart, so it only fetches the rest, once, from our own server.
const root = document.querySelector('script[type=module][src*="/static/js/"]').src;
const script = import(new URL("../../bnviz/VERSION/SCRIPT", root));

export default async (component) => (await script).default(component);
