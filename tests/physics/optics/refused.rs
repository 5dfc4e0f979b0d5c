//! Input that can't be, told before anything is written.

use crate::common::{divisi, finish, root};

#[test]
fn what_no_light_can_go_through_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let cases: [(&str, &[&str], &str); 12] = [
        ("airy", &["light.wavelength=0"], "light.wavelength"),
        ("airy", &["beam.across=3"], "beam.across"),
        ("airy", &["beam.overlap=9"], "beam.overlap"),
        ("airy", &["surfaces.mirror.kind=miror"], "mirror"),
        ("airy", &["surfaces.mirror.radios=1"], "radius"),
        ("airy", &["surfaces.mirror.vertex=[0,0,-9]"], "surfaces.mirror: the ray from"),
        ("airy", &["detector.vertex=[0,0,20]"], "the light goes away from it"),
        ("airy", &["surfaces.mirror.aperture=1e-9", "surfaces.mirror.obscuration=1"], "no light comes through"),
        ("fold", &["surfaces.fold.material=sliver"], "there is no material `sliver`"),
        ("fold", &["light.wavelength=5e-6"], "0.1879 to 1.937 um"),
        ("lens", &["surfaces.front.material=silver"], "absorbs light"),
        ("lens", &["materials.MgF2.n=1.4"], "is known already"),
    ];
    for (file, words, told) in cases {
        let mut command = divisi();
        command.arg("run").arg(root().join(format!("sims/optics/{file}.toml"))).args(words).arg("--out").arg(&out);
        finish(&mut command, 60).expect(2).says(told);
        assert!(!out.exists(), "{words:?}: something was written");
    }
}
