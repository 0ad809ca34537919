# VRFs are not built: each form of the lines that would take one is refused, and what was configured stands as it was.
@include router.part
Router(config-if)#exit
Router(config)#access-list 1 permit 10.0.0.0 0.0.0.255
Router(config)#ip nat pool P 192.0.2.1 192.0.2.9 prefix-length 24
Router(config)#ip nat inside source list 1 pool P overload
Router(config)#ip nat inside source static 10.0.0.7 198.51.100.7
Router(config)#ip nat inside source static tcp 10.0.0.8 80 198.51.100.8 80
Router(config)#do show running-config | include ip nat
 ip nat inside
 ip nat outside
ip nat pool P 192.0.2.1 192.0.2.9 prefix-length 24
ip nat inside source list 1 pool P overload
ip nat inside source static 10.0.0.7 198.51.100.7
ip nat inside source static tcp 10.0.0.8 80 198.51.100.8 80 extendable
Router(config)#ip nat inside source static 10.0.0.7 198.51.100.7 vrf A
                                                                 ^
% Invalid input detected at '^' marker.

Router(config)#ip nat inside source static 10.0.0.7 198.51.100.17 vrf A
                                                                  ^
% Invalid input detected at '^' marker.

Router(config)#ip nat inside source static 10.0.0.7 198.51.100.17 vrf A match-in-vrf
                                                                  ^
% Invalid input detected at '^' marker.

Router(config)#ip nat inside source static 10.0.0.7 198.51.100.17 vrf B extendable
                                                                  ^
% Invalid input detected at '^' marker.

Router(config)#ip nat inside source static 10.0.0.7 interface eth1 vrf A
                                                                   ^
% Invalid input detected at '^' marker.

Router(config)#ip nat inside source static tcp 10.0.0.8 80 198.51.100.8 8080 vrf A
                                                                             ^
% Invalid input detected at '^' marker.

Router(config)#ip nat inside source static tcp 10.0.0.8 80 198.51.100.8 8080 vrf A extendable
                                                                             ^
% Invalid input detected at '^' marker.

Router(config)#ip nat inside source static udp 10.0.0.8 53 interface eth1 53 vrf A
                                                                             ^
% Invalid input detected at '^' marker.

Router(config)#ip nat inside source list 1 pool P vrf A
                                                  ^
% Invalid input detected at '^' marker.

Router(config)#ip nat inside source list 1 pool P vrf A overload
                                                  ^
% Invalid input detected at '^' marker.

Router(config)#ip nat inside source list 1 pool P vrf A match-in-vrf overload
                                                  ^
% Invalid input detected at '^' marker.

Router(config)#ip nat inside source list 1 interface eth1 vrf A overload
                                                          ^
% Invalid input detected at '^' marker.

Router(config)#ip nat translation max-entries vrf A 5
                                              ^
% Invalid input detected at '^' marker.

Router(config)#no ip nat inside source static 10.0.0.7 198.51.100.7 vrf A
                                                                    ^
% Invalid input detected at '^' marker.

Router(config)#no ip nat inside source list 1 pool P vrf A overload
                                                     ^
% Invalid input detected at '^' marker.

Router(config)#vrf definition A
               ^
% Invalid input detected at '^' marker.

Router(config)#ip vrf A
                  ^
% Invalid input detected at '^' marker.

Router(config)#interface eth0
Router(config-if)#vrf forwarding A
                  ^
% Invalid input detected at '^' marker.

Router(config-if)#ip vrf forwarding A
                      ^
% Invalid input detected at '^' marker.

Router(config-if)#exit
Router(config)#do show running-config | include ip nat|vrf
 ip nat inside
 ip nat outside
ip nat pool P 192.0.2.1 192.0.2.9 prefix-length 24
ip nat inside source list 1 pool P overload
ip nat inside source static 10.0.0.7 198.51.100.7
ip nat inside source static tcp 10.0.0.8 80 198.51.100.8 80 extendable
Router(config)#do show ip nat translations vrf A
                                            ^
% Invalid input detected at '^' marker.

Router(config)#do clear ip nat translation vrf A *
                                           ^
% Invalid input detected at '^' marker.

Router(config)#end
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Router#write memory
Building configuration...
[OK]
=== restart
Router>enable
Router#show running-config | include ip nat|vrf
 ip nat inside
 ip nat outside
ip nat pool P 192.0.2.1 192.0.2.9 prefix-length 24
ip nat inside source list 1 pool P overload
ip nat inside source static 10.0.0.7 198.51.100.7
ip nat inside source static tcp 10.0.0.8 80 198.51.100.8 80 extendable
